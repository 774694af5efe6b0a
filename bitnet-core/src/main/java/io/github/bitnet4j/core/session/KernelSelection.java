package io.github.bitnet4j.core.session;

import io.github.bitnet4j.KernelUnavailableException;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.spi.KernelProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses the kernel provider: the one that was named, else the best that is available. */
public final class KernelSelection {
  /** System property that names a provider when {@code LoadOptions} does not. */
  static final String PROPERTY = "bitnet4j.kernels";

  private static final String ADVICE =
      "add the JAR bitnet-kernels-vector, or in a jlink image --add-modules"
          + " io.github.bitnet4j.kernels.vector";

  private static final Logger LOG = LoggerFactory.getLogger(KernelSelection.class);

  private KernelSelection() {}

  /**
   * Returns the provider that loading a model with these options uses.
   *
   * @throws KernelUnavailableException if the named one, or every one, is unusable
   */
  public static KernelProvider select(LoadOptions options) {
    return select(findProviders(), name(options));
  }

  /** Returns the name of the wanted provider, if the options or the system property name one. */
  static Optional<String> name(LoadOptions options) {
    return options.kernels().or(() -> Optional.ofNullable(System.getProperty(PROPERTY)));
  }

  /**
   * Returns the provider to use.
   *
   * @param found all providers
   * @param name of the wanted provider, if one was named
   * @throws KernelUnavailableException if the named one, or every one, is unusable
   */
  static KernelProvider select(List<KernelProvider> found, Optional<String> name) {
    return found.stream()
        .filter(provider -> name.isEmpty() || provider.name().equals(name.get()))
        .filter(provider -> provider.unavailableReason().isEmpty())
        .max(Comparator.comparingInt(KernelProvider::priority))
        .orElseThrow(() -> new KernelUnavailableException(explain(found, name)));
  }

  /** Returns the provider whose kernels can compute in the place of others that start cold. */
  static Optional<KernelProvider> plain(List<KernelProvider> found, KernelProvider chosen) {
    if (!chosen.startsCold()) {
      return Optional.empty();
    }
    return found.stream()
        .filter(provider -> !provider.startsCold())
        .filter(provider -> provider.unavailableReason().isEmpty())
        .max(Comparator.comparingInt(KernelProvider::priority));
  }

  private static String explain(List<KernelProvider> found, Optional<String> name) {
    StringBuilder message =
        new StringBuilder("kernels: expected ")
            .append(name.map(n -> "the provider " + n).orElse("a provider"))
            .append(", found ")
            .append(
                found.isEmpty()
                    ? "none; add the JAR bitnet-kernels-scalar, or in a jlink image --add-modules"
                        + " io.github.bitnet4j.kernels.scalar,io.github.bitnet4j.kernels.vector"
                    : "");
    String separator = "";
    for (KernelProvider provider : found) {
      message
          .append(separator)
          .append(provider.name())
          .append(" (")
          .append(provider.unavailableReason().map(r -> "unavailable: " + r).orElse("available"))
          .append(')');
      separator = ", ";
    }
    return message.toString();
  }

  /**
   * Returns why a provider was chosen, and why better ones cannot be used.
   *
   * @param vectorBits width of the chosen one's vector registers
   * @param option the name that the options give, if any
   * @param name the name that decided, if any
   */
  static String reason(
      List<KernelProvider> found,
      KernelProvider chosen,
      int vectorBits,
      Optional<String> option,
      Optional<String> name) {
    if (option.isPresent()) {
      return "named by the load options";
    }
    if (name.isPresent()) {
      return "named by the system property " + PROPERTY;
    }
    String missed =
        found.stream()
            .filter(provider -> provider.priority() > chosen.priority())
            .flatMap(
                provider ->
                    provider.unavailableReason().stream()
                        .map(reason -> provider.name() + " cannot be used: " + reason))
            .collect(Collectors.joining("; "));
    if (!missed.isEmpty()) {
      return missed;
    }
    return vectorBits == 0
        ? "no provider of faster kernels is present; " + ADVICE
        : "the fastest that are present";
  }

  /** Finds all providers that can be instantiated; one that cannot is logged and left out. */
  static List<KernelProvider> findProviders() {
    List<KernelProvider> found = load(ServiceLoader.load(KernelProvider.class));
    // In containers the application's class loader may not see what the library's does.
    return found.isEmpty()
        ? load(ServiceLoader.load(KernelProvider.class, KernelSelection.class.getClassLoader()))
        : found;
  }

  private static List<KernelProvider> load(ServiceLoader<KernelProvider> loader) {
    List<KernelProvider> found = new ArrayList<>();
    Iterator<KernelProvider> providers = loader.iterator();
    int failures = 0;
    while (failures < 100) { // a broken iterator must not keep us for ever
      try {
        if (!providers.hasNext()) {
          break;
        }
        found.add(providers.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        failures++;
        LOG.warn("A kernel provider cannot be loaded and is left out: {}", e.toString());
      }
    }
    return found;
  }
}
