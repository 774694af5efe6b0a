package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.KernelUnavailableException;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.TraceListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/** A short forward pass whose values must make sense, and be the same with other kernels. */
final class SelfTest {
  private static final String SCALAR = "scalar";
  private static final int TOKENS = 8;

  /**
   * Growth of the hidden state from the first to the last layer that no healthy model shows: each
   * layer adds a normalized contribution of bounded size.
   */
  private static final double MOST_GROWTH = 1000;

  private final Findings findings;
  private final int[] ids;
  private final String kernels;
  private final Map<String, Long> digests;

  /** Runs the test. */
  SelfTest(Model model, Findings findings) {
    this.findings = findings;
    kernels = model.info().kernels();
    ids = ids(model);
    Recorder recorder = new Recorder();
    try (Session session = model.newSession()) {
      session.trace(ids, recorder);
      recorder.judge();
    } catch (NonFiniteValueException e) {
      findings.error(
          "self-test",
          "a forward pass gives no finite numbers: "
              + e.getMessage()
              + ". The weights do not belong together");
    }
    digests = recorder.digests;
  }

  /** Returns ids from all over the vocabulary. */
  private static int[] ids(Model model) {
    int vocabSize = model.info().vocabSize();
    int[] ids = new int[Math.min(TOKENS, model.info().contextLength())];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) ((2L * i + 1) * vocabSize / (2L * ids.length));
    }
    return ids;
  }

  /** Loads the model once more, with the reference kernels, unless they were used already. */
  void compareWithScalar(Path path, LoadOptions options) throws IOException {
    if (kernels.equals(SCALAR)) {
      findings.info("self-test", "passed with the scalar kernels; no others were chosen");
      return;
    }
    LoadOptions.Builder scalar =
        LoadOptions.builder()
            .kernels(SCALAR)
            .armI2sLayout(options.armI2sLayout())
            .quantizeMasters(options.quantizeMasters());
    options.threads().ifPresent(scalar::threads);
    Recorder recorder = new Recorder();
    try (Model model = Model.load(path, scalar.build());
        Session session = model.newSession()) {
      session.trace(ids, recorder);
    } catch (NonFiniteValueException | KernelUnavailableException e) {
      findings.info("self-test", "not compared with the scalar kernels: " + e.getMessage());
      return;
    }
    for (Map.Entry<String, Long> step : digests.entrySet()) {
      if (!step.getValue().equals(recorder.digests.get(step.getKey()))) {
        findings.error(
            "self-test",
            "the %s kernels compute another %s than the scalar ones: a fault of this library, the JVM or the machine; please report it"
                .formatted(kernels, step.getKey()));
        return;
      }
    }
    findings.info(
        "self-test",
        "%d tokens, %d values compared: the %s kernels give the bits of the scalar ones"
            .formatted(ids.length, digests.size(), kernels));
  }

  /** Hears the values of a forward pass; keeps their digests, and what the judgement needs. */
  private final class Recorder implements TraceListener {
    private final Map<String, Long> digests = new LinkedHashMap<>();
    private double firstNorm;
    private double lastNorm;
    private boolean finite = true;
    private boolean flat;

    @Override
    public void onFloats(String name, int rows, int columns, float[] values) {
      CRC32C crc = new CRC32C();
      double squares = 0;
      for (int i = 0; i < rows * columns; i++) {
        int bits = Float.floatToRawIntBits(values[i]);
        crc.update(bits);
        crc.update(bits >>> 8);
        crc.update(bits >>> 16);
        crc.update(bits >>> 24);
        squares += (double) values[i] * values[i];
        finite &= Float.isFinite(values[i]);
      }
      digests.put(name, crc.getValue());
      if (name.endsWith(".out")) {
        lastNorm = Math.sqrt(squares);
        firstNorm = firstNorm == 0 ? lastNorm : firstNorm;
      }
      if (name.equals("logits")) {
        flat = isFlat(values, columns);
      }
    }

    private static boolean isFlat(float[] logits, int columns) {
      for (int i = 1; i < columns; i++) {
        if (logits[i] != logits[0]) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void onBytes(String name, int rows, int columns, byte[] values) {
      CRC32C crc = new CRC32C();
      crc.update(values, 0, rows * columns);
      digests.put(name, crc.getValue());
    }

    void judge() {
      if (!finite) {
        findings.error(
            "self-test",
            "a forward pass gives values that are not finite; the weights do not belong together");
      }
      if (flat) {
        findings.error(
            "self-test", "all tokens are equally likely to the model; its head is damaged");
      }
      double growth = lastNorm / firstNorm;
      if (growth > MOST_GROWTH) {
        findings.warning(
            "self-test",
            String.format(
                Locale.ROOT,
                "the hidden state grows %.0f-fold from the first layer to the last; healthy models"
                    + " stay far below %.0f. Trits or scales may be read in the wrong way",
                growth,
                MOST_GROWTH));
      } else {
        findings.info(
            "hidden state",
            String.format(
                Locale.ROOT,
                "norm %.4g after the first layer, %.4g after the last",
                firstNorm,
                lastNorm));
      }
    }
  }
}
