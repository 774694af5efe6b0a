package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.SamplingStep;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The probabilities of the next token by the definitions of the steps, computed naively and in
 * doubles.
 */
final class ExactDistribution {
  private final GenerationConfig config;
  private final int[] text;
  private final IntPredicate breaksSequence;
  private final List<SamplingStep> steps;

  private ExactDistribution(GenerationConfig config, int[] text, IntPredicate breaksSequence) {
    this.config = config;
    this.text = text;
    this.breaksSequence = breaksSequence;
    steps = config.samplingOrder().stream().filter(config::uses).toList();
  }

  /** Returns the probability of each token; processors, sampler and Mirostat are left out. */
  static double[] of(
      GenerationConfig config, float[] logits, int[] text, IntPredicate breaksSequence) {
    double[] edited = new double[logits.length];
    int[] allowed = config.allowedIds();
    for (int id = 0; id < logits.length; id++) {
      boolean masked =
          (allowed.length > 0 && Arrays.binarySearch(allowed, id) < 0)
              || Arrays.binarySearch(config.bannedIds(), id) >= 0;
      edited[id] =
          masked ? Double.NEGATIVE_INFINITY : logits[id] + config.logitBias().getOrDefault(id, 0f);
    }
    return new ExactDistribution(config, text, breaksSequence).after(0, edited, 1);
  }

  /** Returns the probabilities after the steps from one on; removed tokens have -infinity. */
  private double[] after(int step, double[] logits, double temperature) {
    if (step == steps.size()) {
      return probabilities(logits, temperature);
    }
    double[] p = probabilities(logits, temperature);
    double[] changed =
        switch (steps.get(step)) {
          case PENALTIES -> penalized(logits);
          case DRY -> dried(logits);
          case TEMPERATURE -> logits;
          case TOP_N_SIGMA -> topNSigma(logits);
          case TOP_K -> keep(logits, byDescending(id -> logits[id]), config.topK());
          case TYPICAL_P -> typical(logits, p);
          case TOP_P -> reaching(logits, byDescending(id -> logits[id]), p, config.topP());
          case MIN_P -> minP(logits, p);
          case XTC -> withoutTopChoices(logits, p);
        };
    if (steps.get(step) == SamplingStep.TEMPERATURE) {
      return after(step + 1, changed, config.temperature());
    }
    double[] result = after(step + 1, changed, temperature);
    if (steps.get(step) == SamplingStep.XTC) {
      double[] untouched = after(step + 1, logits, temperature);
      double probability = config.xtc().probability();
      for (int id = 0; id < result.length; id++) {
        result[id] = probability * result[id] + (1 - probability) * untouched[id];
      }
    }
    return result;
  }

  private static double[] probabilities(double[] logits, double temperature) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double[] p = Arrays.stream(logits).map(l -> Math.exp((l - max) / temperature)).toArray();
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(weight -> weight / sum).toArray();
  }

  private double[] penalized(double[] logits) {
    Penalties penalties = config.penalties();
    double[] result = logits.clone();
    int from = Math.max(0, text.length - penalties.window());
    for (int id = 0; id < logits.length; id++) {
      int tested = id;
      long count = Arrays.stream(text).skip(from).filter(other -> other == tested).count();
      if (count > 0) {
        double r = penalties.repetition();
        result[id] = logits[id] > 0 ? logits[id] / r : logits[id] * r;
        result[id] -= count * penalties.frequency() + penalties.presence();
      }
    }
    return result;
  }

  private double[] dried(double[] logits) {
    Dry dry = config.dry();
    double[] result = logits.clone();
    int first = Math.max(0, text.length - dry.window());
    for (int id = 0; id < logits.length; id++) {
      int longest = 0;
      for (int end = first; end < text.length; end++) { // the token at end would be repeated
        int n = 0;
        while (end - n > first
            && text[end - 1 - n] == text[text.length - 1 - n]
            && !breaksSequence.test(text[end - 1 - n])) {
          n++;
        }
        longest = text[end] == id ? Math.max(longest, n) : longest;
      }
      if (longest >= dry.allowedLength() && !breaksSequence.test(id)) {
        result[id] -= dry.multiplier() * Math.pow(dry.base(), longest - dry.allowedLength());
      }
    }
    return result;
  }

  private double[] topNSigma(double[] logits) {
    double[] present = Arrays.stream(logits).filter(Double::isFinite).toArray();
    double mean = Arrays.stream(present).average().orElseThrow();
    double variance =
        Arrays.stream(present).map(l -> (l - mean) * (l - mean)).average().orElseThrow();
    double max = Arrays.stream(present).max().orElseThrow();
    double least = max - config.topNSigma() * Math.sqrt(variance);
    return Arrays.stream(logits).map(l -> l >= least ? l : Double.NEGATIVE_INFINITY).toArray();
  }

  private double[] typical(double[] logits, double[] p) {
    double entropy =
        -Arrays.stream(p).filter(value -> value > 0).map(value -> value * Math.log(value)).sum();
    return reaching(
        logits, byDescending(id -> -Math.abs(-Math.log(p[id]) - entropy)), p, config.typicalP());
  }

  private double[] minP(double[] logits, double[] p) {
    double least = config.minP() * Arrays.stream(p).max().orElseThrow();
    return IntStream.range(0, p.length)
        .mapToDouble(id -> p[id] >= least ? logits[id] : Double.NEGATIVE_INFINITY)
        .toArray();
  }

  private double[] withoutTopChoices(double[] logits, double[] p) {
    int[] order = byDescending(id -> logits[id]).apply(logits.length);
    double[] result = logits.clone();
    for (int rank = 0; rank + 1 < order.length; rank++) {
      if (p[order[rank + 1]] >= config.xtc().threshold()) {
        result[order[rank]] = Double.NEGATIVE_INFINITY;
      }
    }
    return result;
  }

  /** An order of the ids below a number. */
  private interface IdOrder {
    int[] apply(int count);
  }

  private static IdOrder byDescending(ToDoubleFunction<Integer> key) {
    return count ->
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparingDouble(key).reversed().thenComparing(id -> id))
            .mapToInt(id -> id)
            .toArray();
  }

  private static double[] keep(double[] logits, IdOrder order, int count) {
    double[] result = new double[logits.length];
    Arrays.fill(result, Double.NEGATIVE_INFINITY);
    Arrays.stream(order.apply(logits.length)).limit(count).forEach(id -> result[id] = logits[id]);
    return result;
  }

  /** Keeps the fewest tokens in this order that reach a probability together. */
  private static double[] reaching(double[] logits, IdOrder order, double[] p, double least) {
    int[] ids = order.apply(logits.length);
    int count = 0;
    for (double sum = 0; count < ids.length && sum < least; count++) {
      sum += p[ids[count]];
    }
    return keep(logits, order, count);
  }
}
