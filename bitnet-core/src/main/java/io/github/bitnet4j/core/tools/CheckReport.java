package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a check of a model found.
 *
 * @param path the model
 * @param findings in the order of the checks
 */
public record CheckReport(Path path, List<Finding> findings) {
  /** How bad a finding is. */
  public enum Severity {
    /** The model cannot be used, or computes nonsense. */
    ERROR,
    /** The model runs, but something is probably not as its makers meant it. */
    WARNING,
    /** Good to know. */
    INFO
  }

  /**
   * One finding.
   *
   * @param subject the tensor, key or part it is about; without control characters
   * @param message what was found and what to do; without control characters, and shortened
   */
  public record Finding(Severity severity, String subject, String message) {
    private static final int MAX_SUBJECT_CHARS = 200;

    /** Makes the texts printable. */
    public Finding {
      subject = Printable.shorten(subject, MAX_SUBJECT_CHARS);
      message = Printable.message(message);
    }

    @Override
    public String toString() {
      return severity + " " + subject + ": " + message;
    }
  }

  /** Copies the list. */
  public CheckReport {
    findings = List.copyOf(findings);
  }

  /** Returns whether the model can be used: there is no {@link Severity#ERROR}. */
  public boolean accepted() {
    return rejection().isEmpty();
  }

  /** Returns the first error, if there is one. */
  public Optional<Finding> rejection() {
    return findings.stream().filter(f -> f.severity() == Severity.ERROR).findFirst();
  }

  /** Returns the number of findings of a severity. */
  public long count(Severity severity) {
    return findings.stream().filter(f -> f.severity() == severity).count();
  }

  /** Returns the verdict in one sentence. */
  public String verdict() {
    return rejection()
        .map(finding -> "REJECTED: " + finding.message())
        .orElseGet(
            () ->
                count(Severity.WARNING) == 0
                    ? "OK: nothing to complain about"
                    : "OK with %d warnings: the model runs; read them before you rely on it"
                        .formatted(count(Severity.WARNING)));
  }
}
