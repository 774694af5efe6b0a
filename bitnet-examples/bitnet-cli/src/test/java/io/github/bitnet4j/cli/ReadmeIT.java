package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Follows the section "Use it" of README.md in a folder of its own: the pom.xml, the program and
 * the command are those of the README, the library is the one that this build has packaged.
 */
class ReadmeIT {
  private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
  private static final String NETWORK = System.getProperty("bitnet4j.maven.network");
  private static final Pattern PARENT = Pattern.compile("(?s)<parent>.*?</parent>");
  private static final Pattern NOT_DOWNLOADED =
      Pattern.compile("(?m)^.*(in offline mode|Could not transfer|Unknown host).*$");

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "symbolic links need a privilege")
  void aProjectWithTheFilesOfTheReadmeRunsTheDemoModel(@TempDir Path temp) throws Exception {
    String readme = Files.readString(ROOT.resolve("README.md"));
    Path project = Files.createDirectory(temp.resolve("story"));
    Path sources = Files.createDirectories(project.resolve("src/main/java"));
    Files.writeString(project.resolve("pom.xml"), block(readme, "xml", "<project"));
    Files.writeString(sources.resolve("Story.java"), block(readme, "java", "class Story"));

    List<String> command = command(readme, localRepository(temp.resolve("repository")));
    ProcessBuilder maven = new ProcessBuilder(command).directory(project.toFile());
    maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Result result = ChildJvm.finish(maven);

    skipIfMavenCouldNotDownload(result);
    assertThat(result.exitCode()).as("%s%n%s", result.out(), result.err()).isZero();
    assertThat(result.out()).contains(greedyText() + System.lineSeparator());
    assertThat(result.err()).contains("kernels " + ExpectedKernels.bestOf("native", "vector"));
  }

  @Test
  void theGradleFileOfTheReadmeNamesThisVersionAndTheFlag() throws IOException {
    assertThat(block(Files.readString(ROOT.resolve("README.md")), "kotlin", "plugins"))
        .contains("\"io.github.bitnet4j:bitnet-core:" + version() + "\"")
        .contains("\"--add-modules\", \"jdk.incubator.vector\"");
  }

  private static String greedyText() throws Exception {
    try (Model model = Model.load(Cli.DEMO_MODEL);
        Session session = model.newSession()) {
      return session.generate("Once upon a time").text();
    }
  }

  /** Returns the block of code in a language that contains a text. */
  private static String block(String readme, String language, String part) {
    Matcher blocks = Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$").matcher(readme);
    return blocks
        .results()
        .map(block -> block.group(1))
        .filter(code -> code.contains(part))
        .findFirst()
        .orElseThrow(() -> new AssertionError("README.md: no block of " + language));
  }

  /** Returns the README's command with the demo model of this build. */
  private static List<String> command(String readme, Path localRepository) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("bitnet4j.maven.home"), "bin", "mvn").toString());
    command.addAll(List.of("-B", "-ntp", "-Dmaven.repo.local=" + localRepository));
    if (NETWORK.equals("offline: true")) {
      command.add("-o");
    }
    String line = block(readme, "sh", "exec:exec").strip();
    for (String word : line.split(" ")) {
      if (word.startsWith("-Dmodel=")) {
        command.add("-Dmodel=" + Cli.DEMO_MODEL);
      } else if (!word.equals("mvn")) {
        command.add(word);
      }
    }
    return command;
  }

  /**
   * Creates a local repository with the artifacts of this build. For everything else it links to
   * the repository that this build uses, so that nothing is downloaded twice.
   */
  private static Path localRepository(Path folder) throws IOException {
    Path cache = Path.of(System.getProperty("bitnet4j.maven.localRepository"));
    Path here = folder;
    for (String name : List.of("io", "github", "bitnet4j")) {
      Files.createDirectories(here);
      for (Path entry : list(cache)) {
        if (!entry.getFileName().toString().equals(name)) {
          Files.createSymbolicLink(here.resolve(entry.getFileName()), entry);
        }
      }
      here = here.resolve(name);
      cache = cache.resolve(name);
    }
    install(here);
    return folder;
  }

  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }

  /** Copies the POM and the JAR of every module to where Maven looks for them. */
  private static void install(Path group) throws IOException {
    String version = version();
    List<Path> poms;
    try (Stream<Path> files = Files.find(ROOT, 3, (path, attributes) -> path.endsWith("pom.xml"))) {
      poms = files.toList();
    }
    for (Path pom : poms) {
      String artifact = element(Files.readString(pom), "artifactId");
      Path folder = Files.createDirectories(group.resolve(artifact).resolve(version));
      String name = artifact + "-" + version;
      Files.copy(pom, folder.resolve(name + ".pom"));
      Path jar = pom.resolveSibling("target").resolve(name + ".jar");
      if (Files.exists(jar)) {
        Files.copy(jar, folder.resolve(name + ".jar"));
      }
    }
  }

  private static String version() throws IOException {
    return element(Files.readString(ROOT.resolve("pom.xml")), "version");
  }

  private static String element(String pom, String name) {
    String own = PARENT.matcher(pom).replaceFirst("");
    Matcher element = Pattern.compile("<" + name + ">([^<]+)<").matcher(own);
    assertThat(element.find()).as(name).isTrue();
    return element.group(1);
  }

  /** That an artifact of bitnet4j is missing is a failure. */
  private static void skipIfMavenCouldNotDownload(Result result) {
    Matcher reason = NOT_DOWNLOADED.matcher(result.out() + result.err());
    if (result.exitCode() != 0 && reason.find() && !reason.group().contains("bitnet4j")) {
      abort("Maven cannot download a plugin that the README's project needs (" + NETWORK + ")");
    }
  }
}
