package io.github.bitnet4j.core.session;

import io.github.bitnet4j.spi.KernelProvider;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Shows additional kernel providers to {@link java.util.ServiceLoader}, for the time of a call. */
public final class TestProviders {
  private TestProviders() {}

  /**
   * Calls with a context class loader that also finds the given providers.
   *
   * @param folder an empty folder, for the service file
   * @param classNames of providers; they need not exist
   */
  public static <T> T with(Path folder, String classNames, Callable<T> action) throws Exception {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(KernelProvider.class.getName()), classNames);
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      return action.call();
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
