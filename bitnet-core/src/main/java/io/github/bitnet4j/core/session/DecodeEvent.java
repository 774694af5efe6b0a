package io.github.bitnet4j.core.session;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** The tokens after the first were generated. */
@Name("bitnet4j.Decode")
@Label("Decode")
@Description("From the first token of a generation to its end")
@Category("bitnet4j")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // read by the flight recorder
final class DecodeEvent extends Event {
  @Label("Tokens After the First")
  int tokens;

  @Label("Tokens Guessed Right")
  int acceptedTokens;

  @Label("Finish Reason")
  @Nullable String finishReason;
}
