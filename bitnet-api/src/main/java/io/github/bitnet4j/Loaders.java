package io.github.bitnet4j;

import java.util.Iterator;
import java.util.ServiceLoader;

/** Finds the one provider of a service that the API needs. */
final class Loaders {
  private Loaders() {}

  /**
   * Returns the first provider seen by the thread's context class loader, else by the API's own
   * (they differ in containers that load applications separately).
   */
  static <T> T find(Class<T> service, String advice) {
    Iterator<T> seen = ServiceLoader.load(service).iterator();
    if (!seen.hasNext()) {
      seen = ServiceLoader.load(service, Loaders.class.getClassLoader()).iterator();
    }
    if (!seen.hasNext()) {
      throw new IllegalStateException(
          "no provider of " + service.getName() + " on the class path or module path; " + advice);
    }
    return seen.next();
  }
}
