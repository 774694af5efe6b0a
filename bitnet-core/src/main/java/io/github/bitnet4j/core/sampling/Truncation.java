package io.github.bitnet4j.core.sampling;

/** The steps that keep only some candidates; {@code GenerationConfig} says which. */
final class Truncation {
  private Truncation() {}

  static void topNSigma(Candidates candidates, float n) {
    int size = candidates.size();
    double sum = 0;
    for (int position = 0; position < size; position++) {
      sum += candidates.logit(candidates.index(position));
    }
    double mean = sum / size;
    double squares = 0;
    for (int position = 0; position < size; position++) {
      double distance = candidates.logit(candidates.index(position)) - mean;
      squares += distance * distance;
    }
    double least = candidates.logit(candidates.top()) - n * Math.sqrt(squares / size);
    candidates.beginSelection();
    for (int position = 0; position < size; position++) {
      int index = candidates.index(position);
      if (candidates.logit(index) >= least) {
        candidates.select(index);
      }
    }
    candidates.endSelection();
  }

  static void topK(Candidates candidates, int k) {
    candidates.rank();
    candidates.keepFirst(Math.min(k, candidates.size()));
  }

  static void topP(Candidates candidates, float p) {
    double total = candidates.nucleusTotal();
    float[] weights = candidates.weights();
    candidates.rank();
    double kept = 0;
    int size = 0;
    while (size < candidates.size() && (size == 0 || kept < p * total)) {
      kept += weights[candidates.index(size)];
      size++;
    }
    candidates.keepFirst(size);
  }

  static void minP(Candidates candidates, float p) {
    float[] weights = candidates.weights();
    candidates.beginSelection();
    for (int position = 0; position < candidates.size(); position++) {
      int index = candidates.index(position);
      if (weights[index] >= p) {
        candidates.select(index);
      }
    }
    candidates.endSelection();
  }
}
