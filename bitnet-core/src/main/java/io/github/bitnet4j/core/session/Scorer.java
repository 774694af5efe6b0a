package io.github.bitnet4j.core.session;

import io.github.bitnet4j.Score;
import io.github.bitnet4j.core.logits.LogSoftmax;
import java.util.Arrays;
import java.util.concurrent.CancellationException;

/** Scores ids. It keeps one number for each: logits come a few rows at a time and are not kept. */
final class Scorer {
  private Scorer() {}

  /**
   * Returns the score of the last ids. The session is held.
   *
   * @param ids checked ids
   * @param from the first that is scored, 1 or more and below the number of ids
   * @throws CancellationException if the session wants to stop
   */
  static Score score(TransformerSession session, int[] ids, int vocabSize, int from) {
    double[] logprobs = new double[ids.length - from];
    LogSoftmax softmax = new LogSoftmax();
    boolean complete =
        session.eachRow(
            ids,
            from - 1,
            ids.length - 1,
            (position, logits, offset) -> {
              softmax.read(logits, offset, vocabSize);
              logprobs[position + 1 - from] = softmax.logprob(ids[position + 1]);
            },
            session::isCancelled,
            done -> {});
    if (!complete) {
      throw new CancellationException("the scoring was cancelled");
    }
    return new Score(Arrays.copyOfRange(ids, from, ids.length), logprobs);
  }
}
