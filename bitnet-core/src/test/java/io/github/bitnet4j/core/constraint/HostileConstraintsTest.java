package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.ChildJvm;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/** All of {@link HostileConstraints} in a JVM with 256 MB of heap. */
class HostileConstraintsTest {
  /** Each takes a few seconds at most, also with the compilation of the code itself. */
  private static final long MAX_CPU_MILLIS = 60_000;

  @Test
  void compileOrAreRefusedWithinBounds() throws Exception {
    Map<String, HostileConstraints.Case> cases = HostileConstraints.all();
    ChildJvm.Result result =
        ChildJvm.run(HostileConstraints.class, List.of("-Xmx256m", "-XX:+UseSerialGC"), 900);
    Map<String, String[]> found = new HashMap<>();
    result
        .output()
        .lines()
        .map(line -> line.split(";"))
        .filter(fields -> fields.length == 3)
        .forEach(fields -> found.put(fields[0], fields));
    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(cases).hasSizeGreaterThanOrEqualTo(30);
    assertThat(found.keySet()).containsExactlyInAnyOrderElementsOf(cases.keySet());
    SoftAssertions all = new SoftAssertions();
    cases.forEach(
        (name, hostile) -> {
          all.assertThat(found.get(name)[1]).as(name).isEqualTo(hostile.expected().name());
          all.assertThat(Long.parseLong(found.get(name)[2])).as(name).isLessThan(MAX_CPU_MILLIS);
        });
    all.assertAll();
  }
}
