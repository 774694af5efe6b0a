/** The command line: its commands, over the public API. */
module io.github.bitnet4j.cli {
  requires io.github.bitnet4j.core;
  requires com.fasterxml.jackson.core;
  requires info.picocli;
  requires java.management;
  requires static org.jspecify;

  opens io.github.bitnet4j.cli to
      info.picocli;
}
