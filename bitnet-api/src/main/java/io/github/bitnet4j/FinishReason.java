package io.github.bitnet4j;

/** Why a generation ended. */
public enum FinishReason {
  /** The model produced one of its end tokens; that token is the last of the ids. */
  STOP_TOKEN,
  /** A stop string of the {@link GenerationConfig} appeared; the text ends before it. */
  STOP_STRING,
  /** {@link GenerationConfig#maxTokens()} tokens were generated. */
  LENGTH,
  /** The context is full: prompt and continuation take all of its positions. */
  CONTEXT_FULL,
  /** It was cancelled: by {@link Session#cancel}, a closed stream or session, or an interrupt. */
  CANCELLED
}
