package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LogitsProcessor;
import io.github.bitnet4j.TokenIds;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.TokenMask;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is done to logits before all steps: processors, bias, allowed and banned ids. Masked tokens
 * have a logit of negative infinity and are no candidates.
 */
final class LogitEdits {
  private final List<LogitsProcessor> processors;
  private final int[] biasedIds;
  private final float[] biases;
  private final int[] allowedIds;
  private final int[] bannedIds;

  LogitEdits(GenerationConfig config) {
    processors = config.logitsProcessors();
    biasedIds = new int[config.logitBias().size()];
    biases = new float[biasedIds.length];
    int i = 0;
    for (Map.Entry<Integer, Float> bias : config.logitBias().entrySet()) {
      biasedIds[i] = bias.getKey();
      biases[i++] = bias.getValue();
    }
    allowedIds = config.allowedIds();
    bannedIds = config.bannedIds();
  }

  /**
   * Changes the logits and removes masked candidates.
   *
   * @param allowed the tokens that the text so far allows, see {@link TokenMask}; null for all
   * @throws IllegalStateException if none are left, or a processor made a value that is no logit
   */
  void apply(Candidates candidates, Logits logits, TokenIds text, long @Nullable [] allowed) {
    for (int i = 0; i < processors.size(); i++) {
      processors.get(i).process(text, logits.values());
      checkProcessed(logits, i);
    }
    for (int i = 0; i < biasedIds.length; i++) {
      int index = candidates.find(biasedIds[i]);
      if (index >= 0) {
        candidates.setLogit(index, candidates.logit(index) + biases[i]);
      }
    }
    if (allowed != null) {
      maskAllBut(allowed, logits);
    }
    if (masks() || allowed != null) {
      mask(candidates, logits);
      removeMasked(candidates, allowed != null);
    }
  }

  private void checkProcessed(Logits logits, int processor) {
    float[] values = logits.values();
    for (int id = 0; id < logits.count(); id++) {
      if (!(values[id] < Float.POSITIVE_INFINITY)) {
        throw new IllegalStateException(
            "LogitsProcessor %d of %d, %s: expected finite logits or -Infinity, found %s for token %d"
                .formatted(
                    processor + 1, processors.size(), processors.get(processor), values[id], id));
      }
    }
  }

  private boolean masks() {
    return !processors.isEmpty() || allowedIds.length > 0 || bannedIds.length > 0;
  }

  private static void maskAllBut(long[] allowed, Logits logits) {
    float[] values = logits.values();
    for (int index = 0; index < logits.count(); index++) {
      if (!TokenMask.contains(allowed, logits.id(index))) {
        values[index] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private void mask(Candidates candidates, Logits logits) {
    float[] values = logits.values();
    if (allowedIds.length > 0) {
      int next = 0;
      for (int index = 0; index < logits.count(); index++) {
        if (next < allowedIds.length && allowedIds[next] == logits.id(index)) {
          next++;
        } else {
          values[index] = Float.NEGATIVE_INFINITY;
        }
      }
    }
    for (int id : bannedIds) {
      int index = candidates.find(id);
      if (index >= 0) {
        values[index] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private void removeMasked(Candidates candidates, boolean constrained) {
    candidates.beginSelection();
    for (int position = 0; position < candidates.size(); position++) {
      int index = candidates.index(position);
      if (candidates.logit(index) > Float.NEGATIVE_INFINITY) {
        candidates.select(index);
      }
    }
    if (candidates.selected() == 0) {
      throw new IllegalStateException(
          "no token is left to choose: all %d are masked by %s"
              .formatted(candidates.size(), String.join(", ", masking(constrained))));
    }
    candidates.endSelection();
  }

  private List<String> masking(boolean constrained) {
    List<String> masking = new ArrayList<>();
    if (constrained) {
      masking.add("constraint");
    }
    if (!processors.isEmpty()) {
      masking.add("logitsProcessors " + processors);
    }
    if (allowedIds.length > 0) {
      masking.add("allowedIds (%d ids allowed)".formatted(allowedIds.length));
    }
    if (bannedIds.length > 0) {
      masking.add("bannedIds (%d ids banned)".formatted(bannedIds.length));
    }
    return masking;
  }
}
