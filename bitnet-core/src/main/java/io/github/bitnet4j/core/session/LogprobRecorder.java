package io.github.bitnet4j.core.session;

import io.github.bitnet4j.Logprobs;
import io.github.bitnet4j.core.logits.LogSoftmax;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Notes how probable the tokens of a text are, one after the other. */
final class LogprobRecorder {
  private final int alternatives;
  private final LogSoftmax softmax = new LogSoftmax();
  private final List<Logprobs> recorded = new ArrayList<>();

  private LogprobRecorder(int alternatives) {
    this.alternatives = alternatives;
  }

  /** Returns a recorder of so many alternatives, or null if there is no number. */
  static @Nullable LogprobRecorder of(OptionalInt alternatives) {
    return alternatives.isPresent() ? new LogprobRecorder(alternatives.getAsInt()) : null;
  }

  /** Returns what a recorder has noted; nothing if there is none. */
  static List<Logprobs> recorded(@Nullable LogprobRecorder recorder) {
    return recorder == null ? List.of() : List.copyOf(recorder.recorded);
  }

  /** Reads the logits that the next token has, before anything changes them. */
  void read(float[] logits, int offset, int vocabSize) {
    softmax.read(logits, offset, vocabSize);
  }

  /** Notes which token it is. */
  Logprobs add(int id) {
    Logprobs logprobs = softmax.logprobs(id, alternatives);
    recorded.add(logprobs);
    return logprobs;
  }
}
