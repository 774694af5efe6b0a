package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.threads.WorkerTeam;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The packages of core and the arrows between them: a dependency that is not listed here fails, and
 * so does a circle between packages or classes.
 */
class RoomsTest {
  private static final String CORE = "io.github.bitnet4j.core.";

  /** The packages that each package may depend on. They all may use the API and the SPI. */
  private static final Map<String, Set<String>> ALLOWED = new HashMap<>();

  static {
    allow("threads");
    allow("weights");
    allow("logits");
    allow("compute", "threads");
    allow("cache", "weights");
    allow("head", "compute", "logits", "threads", "weights");
    allow("batching", "cache", "logits");
    allow("model", "batching", "cache", "compute", "head", "logits", "threads", "weights");
    allow(
        "engine", "batching", "cache", "compute", "head", "logits", "model", "threads", "weights");
    allow("sampling", "logits");
    allow("constraint", "logits");
    allow("trace", "format"); // to be removed: trace files belong to the tools
    allow("format", "weights", "head", "threads"); // to be removed: head and threads, by loading
    allow( // to be removed: leave core
        "tools", "weights", "format", "cache", "sampling", "constraint", "head", "session");
    allow(
        "session", // to be split into loading, session and generation
        "batching",
        "cache",
        "constraint",
        "engine",
        "format",
        "head",
        "logits",
        "sampling",
        "threads",
        "weights");
  }

  /** Circles between classes: the first one is natural, the others are to be removed. */
  private static final List<Set<String>> CIRCLES =
      List.of(
          Set.of(
              "constraint.Automaton",
              "constraint.Frame",
              "constraint.Node",
              "constraint.PlainText",
              "constraint.Program",
              "constraint.State"),
          Set.of(
              "constraint.SchemaDocument", "constraint.SchemaMerge", "constraint.SchemaNormalizer"),
          Set.of(
              "format.GgufModel",
              "format.HuggingFaceDirectory",
              "format.HuggingFaceWeights",
              "format.ModelFiles",
              "format.ModelPath",
              "format.TensorSet",
              "format.WeightLoader"),
          Set.of(
              "session.ChatPrompt",
              "session.GenerationStream",
              "session.Scorer",
              "session.SequenceBreakers",
              "session.SessionFile",
              "session.TransformerModel",
              "session.TransformerSession"),
          Set.of(
              "tools.GgufOutput",
              "tools.HuggingFaceJson",
              "tools.HuggingFaceOutput",
              "tools.ModelOutput",
              "tools.TokenizerFiles"));

  private static final Pattern ARROW =
      Pattern.compile("^\\s*(io\\.github\\.bitnet4j\\.core\\.\\S+)\\s+-> (io\\.github\\S+).*");

  /** The top-level classes that each top-level class depends on, without {@link #CORE}. */
  private static final Map<String, Set<String>> CLASSES = new TreeMap<>();

  private static void allow(String from, String... to) {
    ALLOWED.put(from, Set.of(to));
  }

  @BeforeAll
  static void readDependencies() throws URISyntaxException, IOException {
    Path classes =
        Path.of(WorkerTeam.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> arguments =
        new ArrayList<>(List.of("-verbose:class", "-filter:none", "--ignore-missing-deps"));
    try (Stream<Path> files = Files.walk(classes)) {
      // As a module it would be resolved with all that it requires.
      files
          .map(Path::toString)
          .filter(file -> file.endsWith(".class") && !file.endsWith("module-info.class"))
          .forEach(arguments::add);
    }
    StringWriter out = new StringWriter();
    int status =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(new PrintWriter(out), new PrintWriter(out), arguments.toArray(String[]::new));
    assertThat(status).as(out.toString()).isZero();
    for (String line : out.toString().lines().toList()) {
      Matcher arrow = ARROW.matcher(line);
      if (arrow.matches()) {
        String from = topLevel(arrow.group(1));
        Set<String> targets = CLASSES.computeIfAbsent(from, name -> new TreeSet<>());
        String to = arrow.group(2);
        if (to.startsWith(CORE) && !topLevel(to).equals(from)) {
          targets.add(topLevel(to));
        }
      }
    }
    assertThat(CLASSES).hasSizeGreaterThan(100).containsKey("model.Transformer");
  }

  private static String topLevel(String name) {
    return name.substring(CORE.length()).replaceFirst("\\$.*", "");
  }

  private static String room(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }

  private static Map<String, Set<String>> rooms() {
    Map<String, Set<String>> rooms = new TreeMap<>();
    CLASSES.forEach(
        (from, targets) -> {
          Set<String> arrows = rooms.computeIfAbsent(room(from), name -> new TreeSet<>());
          targets.stream()
              .map(RoomsTest::room)
              .filter(to -> !to.equals(room(from)))
              .forEach(arrows::add);
        });
    return rooms;
  }

  @Test
  void packagesDependOnTheListedOnesOnly() {
    List<String> unexpected = new ArrayList<>();
    CLASSES.forEach(
        (from, targets) -> {
          Set<String> allowed = ALLOWED.getOrDefault(room(from), Set.of());
          targets.stream()
              .filter(to -> !room(to).equals(room(from)) && !allowed.contains(room(to)))
              .forEach(to -> unexpected.add(from + " -> " + to));
        });
    assertThat(unexpected).isEmpty();
    assertThat(rooms().keySet()).as("packages").isSubsetOf(ALLOWED.keySet());
  }

  @Test
  void noCircleGoesThroughSeveralPackages() {
    assertThat(circles(rooms())).isEmpty();
  }

  @Test
  void noCircleGoesThroughSeveralClassesExceptTheListedOnes() {
    for (Set<String> circle : circles(CLASSES)) {
      assertThat(CIRCLES).as("circle " + circle).anyMatch(known -> known.containsAll(circle));
    }
  }

  @Test
  void findsCircles() {
    Map<String, Set<String>> graph =
        Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of("b", "d"), "d", Set.of());
    assertThat(circles(graph)).containsExactly(Set.of("b", "c"));
  }

  /** Returns the sets of nodes that can reach each other. */
  private static Set<Set<String>> circles(Map<String, Set<String>> graph) {
    Map<String, Set<String>> reachable = new HashMap<>();
    graph.keySet().forEach(from -> reachable.put(from, reachable(graph, from)));
    Set<Set<String>> circles = new HashSet<>();
    reachable.forEach(
        (from, targets) -> {
          if (targets.contains(from)) {
            Set<String> circle = new TreeSet<>(targets);
            circle.removeIf(to -> !reachable.getOrDefault(to, Set.of()).contains(from));
            circles.add(circle);
          }
        });
    return circles;
  }

  private static Set<String> reachable(Map<String, Set<String>> graph, String from) {
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(graph.get(from));
    while (!open.isEmpty()) {
      String next = open.pop();
      if (seen.add(next)) {
        open.addAll(graph.getOrDefault(next, Set.of()));
      }
    }
    return seen;
  }
}
