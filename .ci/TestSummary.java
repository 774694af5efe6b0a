import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Adds up the XML reports of Surefire and Failsafe below a folder and prints which tests were
 * skipped, each with its reason, and one line of counts. Prints nothing if there are no reports.
 *
 * <p>Arguments: the folder, and optionally an instant such as 2026-01-01T00:00:00Z. Older reports,
 * those of an earlier build, are ignored. Run by {@code mvn verify} and by {@code .ci/run}.
 */
final class TestSummary {
  private static final int MAX_NAMES = 4;

  /** Skipped tests: reason, then class, then method, then count. */
  private final Map<String, Map<String, Map<String, Integer>>> skippedTests = new TreeMap<>();

  private int classes;
  private int tests;
  private int failures;
  private int errors;
  private int skipped;

  private TestSummary() {}

  public static void main(String[] args) throws IOException, XMLStreamException {
    Path folder = Path.of(args[0]);
    Instant since = args.length > 1 ? Instant.parse(args[1]) : Instant.MIN;
    TestSummary summary = new TestSummary();
    for (Path report : reports(folder)) {
      if (!Files.getLastModifiedTime(report).toInstant().isBefore(since)) {
        summary.add(report);
      }
    }
    if (summary.classes > 0) {
      summary.print();
    }
  }

  private static List<Path> reports(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(TestSummary::isReport).sorted().toList();
    }
  }

  private static boolean isReport(Path file) {
    String parent = String.valueOf(file.toAbsolutePath().getParent().getFileName());
    String name = file.getFileName().toString();
    return (parent.equals("surefire-reports") || parent.equals("failsafe-reports"))
        && name.startsWith("TEST-")
        && name.endsWith(".xml");
  }

  private void add(Path report) throws IOException, XMLStreamException {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    try (InputStream in = Files.newInputStream(report)) {
      XMLStreamReader xml = factory.createXMLStreamReader(in);
      String testClass = "";
      String method = "";
      while (xml.hasNext()) {
        if (xml.next() != XMLStreamConstants.START_ELEMENT) {
          continue;
        }
        switch (xml.getLocalName()) {
          case "testsuite" -> {
            classes++;
            tests += count(xml, "tests");
            failures += count(xml, "failures");
            errors += count(xml, "errors");
            skipped += count(xml, "skipped");
          }
          case "testcase" -> {
            testClass = attribute(xml, "classname").replaceFirst("^.*\\.", "");
            method = attribute(xml, "name").replaceFirst("[({\\[].*", "");
          }
          case "skipped" -> {
            String message = attribute(xml, "message");
            String reason = message.isEmpty() ? xml.getElementText() : message;
            addSkipped(reason, testClass, method);
          }
          default -> {}
        }
      }
    }
  }

  /** Adds a test; the text may be an exception with its stack trace. */
  private void addSkipped(String text, String testClass, String method) {
    String reason =
        text.lines()
            .map(
                line ->
                    line.replaceFirst("^([\\w.]+Exception:)?\\s*(Assumption failed:)?", "").strip())
            .filter(line -> !line.isEmpty())
            .findFirst()
            .orElse("no reason given");
    skippedTests
        .computeIfAbsent(reason, key -> new TreeMap<>())
        .computeIfAbsent(testClass, key -> new TreeMap<>())
        .merge(method, 1, Integer::sum);
  }

  private static int count(XMLStreamReader xml, String name) {
    String value = attribute(xml, name);
    return value.isEmpty() ? 0 : Integer.parseInt(value);
  }

  private static String attribute(XMLStreamReader xml, String name) {
    String value = xml.getAttributeValue(null, name);
    return value == null ? "" : value;
  }

  private void print() {
    if (!skippedTests.isEmpty()) {
      System.out.println("Skipped tests, by reason:");
    }
    skippedTests.forEach(
        (reason, byClass) -> {
          System.out.println("  " + reason);
          byClass.forEach((name, methods) -> System.out.println("    " + name + list(methods)));
        });
    System.out.printf("All modules, %d test classes:%n", classes);
    System.out.printf( // in the form of Surefire's own lines
        "Tests run: %d, Failures: %d, Errors: %d, Skipped: %d%n", tests, failures, errors, skipped);
  }

  /** Returns the first methods; a class that is skipped as a whole has one without a name. */
  private static String list(Map<String, Integer> methods) {
    List<String> names = new ArrayList<>();
    methods.forEach((name, count) -> names.add(count == 1 ? name : name + " (" + count + ")"));
    names.removeIf(String::isBlank);
    if (names.isEmpty()) {
      return "";
    }
    String first = names.stream().limit(MAX_NAMES).collect(Collectors.joining(", ", ": ", ""));
    return names.size() > MAX_NAMES
        ? first + " and " + (names.size() - MAX_NAMES) + " more methods"
        : first;
  }
}
