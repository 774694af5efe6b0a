package io.github.bitnet4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The first token of a JVM that starts for it: same class path and same options as this one.
 *
 * @param firstTokenMillis from the start of the process to the first token
 * @param loadMillis the loading in it
 * @param residentAfterLoad memory of the process in bytes, -1 if unknown
 * @param residentAfterDecode the same after {@link FirstToken#TOKENS} tokens
 * @param kvCacheBytes of these tokens
 */
record FreshJvm(
    double firstTokenMillis,
    double loadMillis,
    long residentAfterLoad,
    long residentAfterDecode,
    long kvCacheBytes) {
  private static final Pattern NUMBER = Pattern.compile("(\\w+) (-?\\d+)");

  /** How many numbers the program prints. */
  private static final int NUMBERS = 5;

  /**
   * Starts a JVM and waits for its end.
   *
   * @param arguments of {@link FirstToken}
   * @param seconds after which it is killed
   * @throws IOException if it cannot be started or fails
   */
  static FreshJvm start(List<String> arguments, double seconds) throws IOException {
    List<String> command = command();
    command.addAll(arguments);
    long start = System.nanoTime();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    // By its handle: the process would also close its output, which is read to the end below.
    CompletableFuture.delayedExecutor((long) Math.ceil(seconds), TimeUnit.SECONDS)
        .execute(process.toHandle()::destroyForcibly);
    Map<String, Long> numbers = new HashMap<>();
    double firstTokenMillis = 0;
    String complaint = "";
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      process.getOutputStream().close();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        Matcher number = NUMBER.matcher(line);
        if (number.matches()) {
          if (numbers.isEmpty()) {
            firstTokenMillis = (System.nanoTime() - start) / 1e6;
          }
          numbers.put(number.group(1), Long.parseLong(number.group(2)));
        } else if (complaint.isEmpty() && !line.startsWith("WARNING: Using incubator")) {
          complaint = line;
        }
      }
    } finally {
      process.destroyForcibly();
    }
    if (numbers.size() < NUMBERS) {
      throw new IOException(
          complaint.isEmpty() ? "it took more than %.0f s".formatted(seconds) : complaint);
    }
    return new FreshJvm(
        firstTokenMillis,
        numbers.getOrDefault("loadMicros", 0L) / 1e3,
        numbers.getOrDefault("residentAfterLoad", -1L),
        numbers.getOrDefault("residentAfterDecode", -1L),
        numbers.getOrDefault("kvCacheBytes", 0L));
  }

  private static List<String> command() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (option.startsWith("-X")
          || option.startsWith("-Dbitnet4j.")
          || option.startsWith("--add-modules")
          || option.startsWith("--enable-native-access")
          || option.startsWith("--limit-modules")) {
        command.add(option);
      }
    }
    String main = FirstToken.class.getName();
    Module module = FirstToken.class.getModule();
    if (module.isNamed()) {
      command.addAll(List.of("-p", System.getProperty("jdk.module.path", "")));
      command.addAll(List.of("-m", module.getName() + "/" + main));
    } else {
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    }
    return command;
  }
}
