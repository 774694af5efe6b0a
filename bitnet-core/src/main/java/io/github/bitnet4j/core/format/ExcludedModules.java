package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The modules that {@code modules_to_not_convert} of a {@code quantization_config} keeps dense.
 *
 * <p>Embedding, head and norms always are dense, so trainers may list them. A linear layer of a
 * block is not supported dense. As in transformers, an entry stands for all modules whose full name
 * contains it.
 */
final class ExcludedModules {
  private static final String KEY = "modules_to_not_convert";
  private static final int MAX_ENTRIES = 1000;
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.-]{1,200}");

  private ExcludedModules() {}

  /**
   * Checks the entries.
   *
   * @param quantization the object that has the key, or not
   * @throws ModelFormatException if an entry excludes a linear layer of a block, or is a pattern
   */
  static void check(JsonConfig quantization, int numLayers) throws ModelFormatException {
    Set<String> entries = new LinkedHashSet<>(quantization.strings(KEY));
    if (entries.size() > MAX_ENTRIES) {
      throw quantization.problem(KEY, "at most " + MAX_ENTRIES + " names", entries.size());
    }
    if (entries.isEmpty()) {
      return;
    }
    String linears = linearNames(numLayers);
    for (String entry : entries) {
      if (!PLAIN.matcher(entry).matches()) {
        throw quantization.problem(KEY, "names of modules, without patterns", entry);
      }
      int at = linears.indexOf(entry);
      if (at >= 0) {
        int start = linears.lastIndexOf('\n', at) + 1;
        String excluded = linears.substring(start, linears.indexOf('\n', at));
        throw quantization.problem(
            KEY,
            "no linear layer of a block, all of which must be ternary",
            entry + ", which excludes " + excluded);
      }
    }
  }

  /** Returns the names of all linear layers of blocks, each followed by a line feed. */
  private static String linearNames(int numLayers) {
    StringBuilder names = new StringBuilder();
    for (int layer = 0; layer < numLayers; layer++) {
      for (Linear which : Linear.values()) {
        names.append(TensorNames.huggingFace(layer, which)).append('\n');
      }
    }
    return names.toString();
  }
}
