package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.TritDistance;
import io.github.bitnet4j.core.format.WeightSource.MasterRule;
import io.github.bitnet4j.core.format.WeightSource.Masters;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reports how far linear layers that are stored as dense weights lie from trits. */
final class DenseLinearChecks {
  private int layers;
  private int exact;
  private double farSum;
  private boolean onRequest;
  private @Nullable String worstName;
  private @Nullable TritDistance worst;

  /** Measures a layer; its weights are verified. */
  void add(Masters masters) {
    TritDistance distance = TritDistance.of(masters.weights());
    layers++;
    exact += distance.isExact() ? 1 : 0;
    farSum += distance.farShare();
    onRequest |= masters.rule() == MasterRule.ON_REQUEST;
    if (worst == null || distance.farShare() > worst.farShare()) {
      worst = distance;
      worstName = masters.name();
    }
  }

  /** Adds a finding, if there was a dense layer. */
  void report(Findings findings) {
    if (worst == null) {
      return;
    }
    String subject = "dense linear layers";
    if (exact == layers) {
      findings.info(
          subject,
          "all %d hold trits times one scale, which are used as they are".formatted(layers));
      return;
    }
    String found =
        String.format(
            Locale.ROOT,
            "%d of %d do not hold trits and are quantized by their absolute mean: on average %.1f"
                + " %% of the weights differ by more than a tenth of the scale from trits; most in"
                + " %s, which has %s",
            layers - exact,
            layers,
            100 * farSum / layers,
            worstName,
            worst.description());
    if (onRequest) {
      findings.warning(
          subject,
          found
              + ". An ordinary float model looks the same and writes gibberish when it is"
              + " quantized; use it only if you know that it was trained as BitNet b1.58");
    } else {
      findings.info(subject, found);
    }
  }
}
