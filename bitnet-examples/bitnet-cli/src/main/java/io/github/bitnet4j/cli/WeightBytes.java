package io.github.bitnet4j.cli;

import io.github.bitnet4j.core.tools.Inspection;
import io.github.bitnet4j.core.tools.Inspection.TensorSummary;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The weights that a forward pass over one token uses, in bytes: each linear layer, the head and
 * the norms once, as the file stores them; linear layers that are stored as dense weights count two
 * bits a weight, as which they are loaded. Of the embedding a token reads one row, which does not
 * count; if the head is tied to it, it counts as the head. Kernels that keep copies of their own
 * may read less.
 *
 * @param linear of the linear layers
 * @param head of the LM head
 * @param norms of everything else
 */
record WeightBytes(long linear, long head, long norms) {
  private static final Set<String> HEADS = Set.of("lm_head.weight", "output.weight");
  private static final Set<String> EMBEDDINGS =
      Set.of("model.embed_tokens.weight", "token_embd.weight");
  private static final int TRITS_IN_A_BYTE = 4;

  static WeightBytes of(Inspection model) {
    long linear = 0;
    long norms = 0;
    for (TensorSummary tensor : model.tensors()) {
      if (tensor.trits().isPresent()) {
        linear += tensor.bytes();
      } else if (tensor.shape().size() == 1) {
        norms += tensor.bytes();
      } else if (!HEADS.contains(tensor.name()) && !EMBEDDINGS.contains(tensor.name())) {
        linear += tensor.elements() / TRITS_IN_A_BYTE;
      }
    }
    long head = find(model.tensors(), HEADS).or(() -> find(model.tensors(), EMBEDDINGS)).orElse(0L);
    return new WeightBytes(linear, head, norms);
  }

  private static Optional<Long> find(List<TensorSummary> tensors, Set<String> names) {
    return tensors.stream()
        .filter(tensor -> names.contains(tensor.name()))
        .map(TensorSummary::bytes)
        .findFirst();
  }

  long total() {
    return linear + head + norms;
  }
}
