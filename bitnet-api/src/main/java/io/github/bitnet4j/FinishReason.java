package io.github.bitnet4j;

/** Why a generation ended. */
public enum FinishReason {
  /**
   * One of the model's stop tokens or of {@link GenerationConfig#stopIds()} was produced; that
   * token is the last of the ids.
   */
  STOP_TOKEN,
  /** A stop string of the {@link GenerationConfig} appeared; the text ends before it. */
  STOP_STRING,
  /**
   * The text satisfies the {@link OutputConstraint}, and nothing can follow: it ends without a stop
   * token.
   */
  COMPLETE,
  /** {@link GenerationConfig#maxTokens()} tokens were generated. */
  LENGTH,
  /**
   * The context is full: prompt and continuation take all of its positions. A prompt that fills it
   * alone ends so at once, without a token. See {@link OverflowPolicy}.
   */
  CONTEXT_FULL,
  /**
   * {@link GenerationConfig#timeLimit()} was over. Text that was still held back, a part of a
   * character or of a stop string, is not in the result.
   */
  TIME_LIMIT,
  /**
   * It was cancelled: by {@link Session#cancel}, a closed stream or session, or an interrupt. Text
   * that was still held back, a part of a character or of a stop string, is not in the result.
   */
  CANCELLED
}
