package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
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

/**
 * The first token of a JVM that starts for it: same program, same class path, same options as this
 * one.
 *
 * @param firstTokenMillis from the start of the process to the first token
 * @param loadMillis the loading in it
 * @param residentAfterLoad memory of the process in bytes, -1 if unknown
 * @param residentAfterDecode the same after {@link FirstTokenCommand#TOKENS} tokens
 * @param kvCacheBytes of these tokens
 */
record FreshJvm(
    double firstTokenMillis,
    double loadMillis,
    long residentAfterLoad,
    long residentAfterDecode,
    long kvCacheBytes) {

  /**
   * Starts a JVM and waits for its end.
   *
   * @param modelOptions of {@link FirstTokenCommand}
   * @param seconds after which it is killed
   * @throws IOException if it cannot be started or fails
   */
  static FreshJvm start(List<String> modelOptions, double seconds) throws IOException {
    List<String> command = command();
    command.add("first-token");
    command.addAll(modelOptions);
    long start = System.nanoTime();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    CompletableFuture.delayedExecutor((long) Math.ceil(seconds), TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    Map<String, Long> numbers = new HashMap<>();
    double firstTokenMillis = 0;
    String complaint = "it took more than %.0f s".formatted(seconds);
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      process.getOutputStream().close();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (!line.startsWith("{")) {
          complaint = line.startsWith("WARNING: Using incubator") ? complaint : line;
          continue;
        }
        if (numbers.isEmpty()) {
          firstTokenMillis = (System.nanoTime() - start) / 1e6;
        }
        read(line, numbers);
      }
    } finally {
      process.destroyForcibly();
    }
    if (numbers.size() < 4) {
      throw new IOException(complaint);
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
          || option.startsWith("--limit-modules")) {
        command.add(option);
      }
    }
    String main = Main.class.getName();
    Module module = Main.class.getModule();
    if (module.isNamed()) {
      command.addAll(List.of("-p", System.getProperty("jdk.module.path", "")));
      command.addAll(List.of("-m", module.getName() + "/" + main));
    } else {
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    }
    return command;
  }

  private static void read(String line, Map<String, Long> numbers) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(line)) {
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
          numbers.put(json.currentName(), json.getLongValue());
        }
      }
    }
  }
}
