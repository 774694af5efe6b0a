package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that are killed, run out of disk, or write to one target at the same time. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the tests use shells and limits of POSIX")
class KilledWritersIT {
  private static final int KILLS = 6;
  private static final int LIMIT_SECONDS = 300;

  @TempDir Path folder;

  private static List<String> command(String what, Path model, Path target, int rounds) {
    return new ArrayList<>(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules=jdk.incubator.vector",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            System.getProperty("java.class.path"),
            WritingProgram.class.getName(),
            what,
            model.toAbsolutePath().toString(),
            target.toString(),
            String.valueOf(rounds)));
  }

  /** Runs a process until it ends and returns what it wrote. */
  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  /** Starts a writer and kills it while a workplace is there, if the moment is hit. */
  private void kill(String what, Path target, Random random)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command(what, SampleModels.TIED, target, 1_000_000))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader reader = process.inputReader()) {
      String line = reader.readLine();
      while (line != null && !line.startsWith("round")) {
        line = reader.readLine();
      }
      assertThat(line).isNotNull();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
      int skipped = random.nextInt(3);
      while (System.nanoTime() < end && (workplaces().isEmpty() || skipped-- > 0)) {
        Thread.onSpinWait();
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private List<Path> workplaces() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.getFileName().toString().startsWith(".bitnet4j-")).toList();
    }
  }

  /** Files of a user whose names look alike. */
  private List<Path> neighbours(Path target) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String suffix : List.of(".unfinished", ".replaced", ".tmp")) {
      Path directory = Files.createDirectory(folder.resolve(target.getFileName() + suffix));
      files.add(Files.writeString(directory.resolve("letter"), "Dear"));
    }
    Path hidden = Files.createDirectory(folder.resolve(".bitnet4j-mine.unfinished"));
    files.add(Files.writeString(hidden.resolve("owner"), "me"));
    return files;
  }

  @ParameterizedTest
  @ValueSource(strings = {"convert", "directory", "prepare", "save"})
  void aKilledWriterLeavesTheTargetWhole(String what) throws IOException, InterruptedException {
    Path target = folder.resolve("target");
    List<Path> neighbours = neighbours(target);
    output(command(what, SampleModels.TIED, target, 1));
    assertUsable(what, target);
    Random random = new Random(1);
    int left = 0;
    for (int i = 0; i < KILLS; i++) {
      kill(what, target, random);
      left += workplaces().size() > 1 ? 1 : 0; // one is the user's
      if (what.equals("directory")) {
        Workplace.cleanUp(folder); // it may have been killed between the two moves
      }
      assertUsable(what, target);
    }
    assertThat(output(command(what, SampleModels.TIED, target, 1))).contains("wrote true");
    assertUsable(what, target);
    assertThat(workplaces()).hasSize(1);
    for (Path neighbour : neighbours) {
      assertThat(neighbour).exists();
    }
    System.out.printf("%s: %d of %d kills left a workplace%n", what, left, KILLS);
  }

  private static void assertUsable(String what, Path target) throws IOException {
    switch (what) {
      case "save" -> {
        try (Model model = Model.load(SampleModels.TIED);
            Session session = model.restoreSession(target)) {
          assertThat(session.position()).isPositive();
        }
      }
      case "prepare" -> {
        byte[] before = Files.readAllBytes(target);
        assertThat(before).startsWith("BITNET4J".getBytes(StandardCharsets.US_ASCII));
      }
      default -> Model.load(target).close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"convert", "directory", "save", "prepare"})
  void severalProcessesWriteToOneTarget(String what) throws IOException, InterruptedException {
    Path target = folder.resolve("target");
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(
          new ProcessBuilder(command(what, SampleModels.TIED, target, 5))
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log" + i).toFile())
              .start());
    }
    for (Process process : processes) {
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
    assertUsable(what, target);
    assertThat(workplaces()).isEmpty();
    for (int i = 0; i < 3; i++) {
      String log = Files.readString(folder.resolve("log" + i));
      assertThat(log).contains("end").doesNotContain("\tat ");
      if (!what.equals("directory")) { // directories: the loser of a race is told so
        assertThat(log).doesNotContain("failed");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"convert", "directory", "save", "prepare"})
  void aFullDiskLeavesTheTargetWhole(String what) throws IOException, InterruptedException {
    Path target = folder.resolve("target");
    output(command(what, SampleModels.TIED, target, 1));
    assertUsable(what, target);
    List<String> limited =
        new ArrayList<>(List.of("bash", "-c", "ulimit -f 8 && exec \"$@\"", "x"));
    List<String> child = command(what, SampleModels.TIED, target, 1);
    child.add(1, "-XX:-UsePerfData");
    limited.addAll(child);
    String output = output(limited);
    assertThat(output).contains(target.toString()).contains("File too large");
    assertUsable(what, target);
    assertThat(workplaces()).isEmpty();
  }

  @Test
  void aFullFileSystemIsNamed() throws IOException, InterruptedException {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    int mounted =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("mount.log").toFile())
            .start()
            .waitFor();
    assumeThat(mounted).as("a tmpfs can be mounted").isZero();
    try {
      Path target = disk.resolve("target");
      String output = output(command("convert", SampleModels.TIED, target, 1));
      assertThat(output).contains("failed: " + target).contains("No space left on device");
      assertThat(disk).isEmptyDirectory();
      LoadOptions options = LoadOptions.builder().preparedFile(target).build();
      Model.load(SampleModels.TIED, options).close();
      assertThat(disk).isEmptyDirectory();
    } finally {
      new ProcessBuilder("umount", disk.toString()).start().waitFor();
    }
  }
}
