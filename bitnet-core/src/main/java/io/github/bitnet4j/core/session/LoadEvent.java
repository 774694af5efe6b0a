package io.github.bitnet4j.core.session;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A model was loaded. */
@Name("bitnet4j.Load")
@Label("Model Load")
@Description("Loading a model")
@Category("bitnet4j")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // read by the flight recorder
final class LoadEvent extends Event {
  @Label("Path")
  @Nullable String path;

  @Label("Architecture")
  @Nullable String architecture;

  @Label("Parameters")
  long parameters;

  @Label("Kernels")
  @Nullable String kernels;

  @Label("Threads")
  int threads;

  @DataAmount
  @Label("Prepared Memory")
  long preparedBytes;
}
