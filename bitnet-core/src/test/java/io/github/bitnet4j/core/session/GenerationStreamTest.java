package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GenerationStreamTest {
  /** The moment in which the closing thread holds the session must not look like misuse. */
  @Test
  void aReaderWaitsForTheThreadThatClosesItsStream() throws IOException, InterruptedException {
    try (TransformerModel model = (TransformerModel) Model.load(SampleModels.TIED);
        TransformerSession session = (TransformerSession) model.newSession()) {
      Thread reader = Thread.currentThread();
      AtomicBoolean finishing = new AtomicBoolean();
      AtomicBoolean wasRead = new AtomicBoolean();
      GenerationStream stream =
          new GenerationStream(
              session,
              model,
              new int[] {294, 257},
              GenerationConfig.defaults(),
              ContextWindow.fixed(model.info().contextLength()),
              generation -> { // the closing thread holds the session here
                finishing.set(true);
                while (reader.getState() != Thread.State.WAITING && !wasRead.get()) {
                  Thread.onSpinWait();
                }
              });
      Thread closing = new Thread(stream::close, "closing");
      closing.setDaemon(true);
      closing.start();
      while (!finishing.get()) {
        Thread.onSpinWait();
      }
      try {
        assertThat(stream.iterator().hasNext()).isFalse();
      } finally {
        wasRead.set(true);
        closing.join();
      }
      assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
  }
}
