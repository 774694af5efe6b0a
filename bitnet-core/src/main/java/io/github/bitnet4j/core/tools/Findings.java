package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.tools.CheckReport.Finding;
import io.github.bitnet4j.core.tools.CheckReport.Severity;
import java.util.ArrayList;
import java.util.List;

/** Collects findings. */
final class Findings {
  private final List<Finding> findings = new ArrayList<>();

  void error(String subject, String message) {
    findings.add(new Finding(Severity.ERROR, subject, message));
  }

  void warning(String subject, String message) {
    findings.add(new Finding(Severity.WARNING, subject, message));
  }

  void info(String subject, String message) {
    findings.add(new Finding(Severity.INFO, subject, message));
  }

  List<Finding> all() {
    return findings;
  }
}
