package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightRecorderTest {
  @TempDir Path folder;

  @Test
  void recordsLoadingPrefillAndDecode() throws IOException {
    Path file = folder.resolve("recording.jfr");
    Generation generation;
    ModelInfo info;
    try (Recording recording = new Recording()) {
      for (String name : List.of("Load", "Prefill", "Decode")) {
        recording.enable("bitnet4j." + name).withoutThreshold();
      }
      recording.start();
      try (Model model = Model.load(Fixtures.DEMO_MODEL);
          Session session = model.newSession()) {
        info = model.info();
        GenerationConfig config = GenerationConfig.builder().maxTokens(5).build();
        session.generate("Once upon a time", config);
        generation = session.generate("Once upon a time there", config);
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);

    RecordedEvent load = named(events, "bitnet4j.Load").getFirst();
    assertThat(load.getString("path")).isEqualTo(Fixtures.DEMO_MODEL.toString());
    assertThat(load.getString("kernels")).isEqualTo(info.kernels());
    assertThat(load.getLong("parameters")).isEqualTo(info.parameterCount());
    assertThat(load.getDuration()).isPositive();

    List<RecordedEvent> prefills = named(events, "bitnet4j.Prefill");
    assertThat(prefills).hasSize(2);
    RecordedEvent prefill = prefills.getLast();
    assertThat(prefill.getInt("promptTokens")).isEqualTo(generation.promptIds().length);
    assertThat(prefill.getInt("reusedTokens")).isEqualTo(generation.stats().reusedTokens());
    assertThat(prefill.getLong("kvCacheBytes")).isPositive();

    List<RecordedEvent> decodes = named(events, "bitnet4j.Decode");
    assertThat(decodes).hasSize(2);
    assertThat(decodes.getLast().getInt("tokens")).isEqualTo(4);
    assertThat(decodes.getLast().getString("finishReason")).isEqualTo("LENGTH");
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }
}
