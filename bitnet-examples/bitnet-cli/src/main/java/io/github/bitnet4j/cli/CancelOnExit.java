package io.github.bitnet4j.cli;

import io.github.bitnet4j.Session;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * While open: if the process is asked to end (Ctrl-C), cancels what the session generates and lets
 * the command report what it has.
 */
final class CancelOnExit implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 5;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  CancelOnExit(Session session) {
    hook = new Thread(() -> cancel(session), "cancel");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void cancel(Session session) {
    session.cancel();
    try {
      closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs, and returns now.
    }
  }
}
