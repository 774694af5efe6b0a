package io.github.bitnet4j.core.session;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelInfo;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLoggerFactory;
import org.slf4j.spi.SLF4JServiceProvider;

/** Warns once a JVM that a model computes in plain loops although nobody asked for them. */
final class SlowKernels {
  /** The one exception to the rule that no state is static: the warning is for the whole JVM. */
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private SlowKernels() {}

  /** Logs the warning; without a log provider it is printed, as it would be lost. */
  static void warnOnce(ModelInfo info) {
    if (WARNED.getAndSet(true)) {
      return;
    }
    String message = message(info);
    LoggerFactory.getLogger(Model.class).warn(message);
    if (hasNoLogProvider()) {
      System.err.println("bitnet4j: " + message);
    }
  }

  /** Returns the warning, in one line. */
  static String message(ModelInfo info) {
    return "Slow kernels: %s, in plain loops. %s. To silence this warning, name them: -D%s=%s"
        .formatted(info.kernels(), info.kernelsReason(), KernelSelection.PROPERTY, info.kernels());
  }

  /** A provider that discards all, such as slf4j-nop, was chosen: then nothing is printed. */
  private static boolean hasNoLogProvider() {
    return LoggerFactory.getILoggerFactory() instanceof NOPLoggerFactory
        && ServiceLoader.load(SLF4JServiceProvider.class, LoggerFactory.class.getClassLoader())
            .findFirst()
            .isEmpty();
  }
}
