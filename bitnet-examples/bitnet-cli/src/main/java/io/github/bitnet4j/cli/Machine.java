package io.github.bitnet4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What a measurement ran on.
 *
 * @param cpu model of the processor, or the instruction set where the system does not tell
 * @param processors how many of them this JVM may use
 */
record Machine(String cpu, int processors, String system, String jdk) {
  private static final Path CPU = Path.of("/proc/cpuinfo");
  private static final Path STATUS = Path.of("/proc/self/status");

  static Machine current() throws IOException {
    String arch = System.getProperty("os.arch");
    return new Machine(
        line(CPU, "model name").orElse(arch),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + arch,
        Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
  }

  /** Returns the memory of this process that is resident, in bytes, where the system tells. */
  static OptionalLong residentBytes() throws IOException {
    return line(STATUS, "VmRSS")
        .map(value -> OptionalLong.of(Long.parseLong(value.replace(" kB", "")) * 1024))
        .orElse(OptionalLong.empty());
  }

  /** Returns the value of the first line {@code key: value}, if the file exists and has one. */
  private static Optional<String> line(Path file, String key) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    }
  }
}
