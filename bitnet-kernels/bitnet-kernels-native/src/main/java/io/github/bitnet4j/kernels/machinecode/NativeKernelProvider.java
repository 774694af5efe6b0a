package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.kernels.machinecode.x86.Level;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Provides {@code native}, kernels in machine code: written in Java as listings of instructions,
 * assembled for the processor at hand, placed in executable memory and called through {@code
 * java.lang.foreign}. They are at full speed from the first call and need no flag.
 *
 * <p>The system property {@code bitnet4j.native.isa} ({@code avx2}, {@code avxvnni}, {@code
 * avx512vnni}, {@code amx} or {@code off}) asks for a lower level than the processor has; results
 * do not depend on it.
 */
public final class NativeKernelProvider implements KernelProvider {
  /** Names the level to use. */
  static final String PROPERTY = "bitnet4j.native.isa";

  /** The level to use, or why there is none. */
  private record Choice(@Nullable Level level, Optional<String> reason) {}

  /**
   * Made when it is first needed: asking the processor calls machine code, of which the JVM warns.
   */
  private @Nullable Choice choice;

  /** Called by {@link java.util.ServiceLoader}. */
  public NativeKernelProvider() {}

  private synchronized Choice choice() {
    Choice known = choice;
    if (known == null) {
      known = choose();
      choice = known;
    }
    return known;
  }

  private static Choice choose() {
    Optional<String> problem = unsupported();
    if (problem.isPresent()) {
      return new Choice(null, problem);
    }
    try {
      Level level = choose(Processor.levels(), System.getProperty(PROPERTY, ""));
      return new Choice(level, Optional.empty());
    } catch (IllegalCallerException e) {
      return new Choice(
          null,
          Optional.of(
              "native access is denied; start java with --enable-native-access=ALL-UNNAMED, or on"
                  + " the module path =io.github.bitnet4j.kernels.machinecode"));
    } catch (IllegalStateException | IllegalArgumentException e) {
      return new Choice(null, Optional.of(String.valueOf(e.getMessage())));
    }
  }

  private static Optional<String> unsupported() {
    String system = System.getProperty("os.name", "") + " on " + System.getProperty("os.arch", "");
    if (!system.equals("Linux on amd64")) {
      return Optional.of("there are kernels for Linux on amd64, but not yet for " + system);
    }
    return System.getProperty(PROPERTY, "").equals("off")
        ? Optional.of("switched off by -D" + PROPERTY + "=off")
        : Optional.empty();
  }

  private static Level choose(Set<Level> levels, String name) {
    return levels.stream()
        .filter(candidate -> name.isEmpty() || name(candidate).equals(name))
        .max(Level::compareTo)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected a processor with %s, found one with %s"
                        .formatted(
                            name.isEmpty() ? "avx2" : name,
                            levels.isEmpty()
                                ? "none of "
                                    + Arrays.stream(Level.values())
                                        .map(NativeKernelProvider::name)
                                        .toList()
                                : levels.stream()
                                    .map(NativeKernelProvider::name)
                                    .collect(Collectors.joining(", ")))));
  }

  private static String name(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String name() {
    return "native";
  }

  /**
   * Returns the rank: above the vector kernels where the processor multiplies bytes in fours, and
   * below them, but above plain loops, where it has AVX2 alone, since on such a machine they have
   * not been compared yet.
   */
  @Override
  public int priority() {
    return choice().level == Level.AVX2 ? 50 : 200;
  }

  @Override
  public Optional<String> unavailableReason() {
    return choice().reason;
  }

  @Override
  public Kernels kernels() {
    return new NativeKernels(Objects.requireNonNull(choice().level));
  }
}
