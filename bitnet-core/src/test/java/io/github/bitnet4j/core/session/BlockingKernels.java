package io.github.bitnet4j.core.session;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Scalar kernels that run a hook before each RMSNorm, so that a test can act at a known point of a
 * forward pass. {@link TestProviders} makes them visible under the name {@code blocking}.
 */
public final class BlockingKernels implements KernelProvider {
  private static final AtomicReference<Runnable> HOOK = new AtomicReference<>(() -> {});

  /** For {@link ServiceLoader}. */
  public BlockingKernels() {}

  /** Sets what runs before each RMSNorm. */
  public static void beforeNorm(Runnable hook) {
    HOOK.set(hook);
  }

  @Override
  public String name() {
    return "blocking";
  }

  @Override
  public int priority() {
    return -1;
  }

  @Override
  public Optional<String> unavailableReason() {
    return Optional.empty();
  }

  @Override
  public Kernels kernels() {
    Kernels scalar =
        ServiceLoader.load(KernelProvider.class, Kernels.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .filter(provider -> provider.name().equals("scalar"))
            .findFirst()
            .orElseThrow()
            .kernels();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("rmsNorm")) {
                HOOK.get().run();
              }
              try {
                return method.invoke(scalar, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
