package io.github.bitnet4j;

/**
 * What happens when a text needs more positions than the context has.
 *
 * <p>With {@link #FAIL} and {@link #STOP} a prompt that is longer than the context is refused with
 * a {@link ContextOverflowException}.
 */
public enum OverflowPolicy {
  /**
   * A continuation that would go beyond the end of the context fails with a {@link
   * ContextOverflowException}, and the session is as it was before the call. One that ends in the
   * last position, by itself or at {@code maxTokens}, does not.
   */
  FAIL,

  /** A continuation ends with {@link FinishReason#CONTEXT_FULL}. */
  STOP,

  /**
   * The oldest tokens, or turns, are left out of what the model sees.
   *
   * <p>{@code generate} and {@code stream}: the model sees a window of the text, its first {@code
   * keepTokens} tokens and its last ones. When the window is full, {@code (contextLength -
   * keepTokens) / 2} tokens (at least 1) after the kept ones leave it at once, as often as needed;
   * so the window depends only on the number of tokens so far, and it is the same whether they are
   * prompt or continuation. Each token is chosen from the logits that a session without any past
   * computes for the window. That has a price: keys and values depend on positions and on the
   * tokens before, so all of the window but the kept tokens is computed anew when tokens leave it,
   * up to half a context for every half a context of text. Prompts may have any length. Penalties,
   * DRY and {@link LogitsProcessor}s see the whole text.
   *
   * <p>{@code chat} and {@code streamChat}: if the conversation and the message leave less room
   * than {@code maxTokens} or half of the context, whichever is less, the oldest turns are left out
   * until half of the context is free or no turn is left. A turn is a user message and what follows
   * it up to the next one. System messages at the start stay, and so does the new message. Turns
   * that are left out leave {@link Session#messages()} too when the reply joins it. A reply is
   * never cut out of the window: it may end with {@link FinishReason#CONTEXT_FULL}, and if even
   * system and new message are too long a {@link ContextOverflowException} says so.
   */
  SHIFT
}
