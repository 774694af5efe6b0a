package io.github.bitnet4j.core.session;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A prompt was computed and the first token chosen. */
@Name("bitnet4j.Prefill")
@Label("Prefill")
@Description("From the start of a generation to its first token")
@Category("bitnet4j")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // read by the flight recorder
final class PrefillEvent extends Event {
  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Tokens Already in the KV Cache")
  int reusedTokens;

  @DataAmount
  @Label("KV Cache")
  long kvCacheBytes;
}
