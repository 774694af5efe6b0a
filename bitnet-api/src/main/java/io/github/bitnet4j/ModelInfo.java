package io.github.bitnet4j;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What a model is and how it was loaded.
 *
 * @param path the directory or file it was loaded from
 * @param architecture the name its configuration gives, such as {@code BitNetForCausalLM}
 * @param parameterCount weights of all matrices and norms, a shared embedding and head counted once
 * @param numLayers transformer blocks
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the feed-forward network
 * @param numHeads query heads
 * @param numKvHeads key/value heads; {@code numHeads / numKvHeads} query heads share one
 * @param headDim width of one head
 * @param vocabSize number of token ids
 * @param contextLength largest number of tokens in a session
 * @param stopIds ids that end a generation
 * @param kernels name of the kernel provider
 * @param kernelsReason why this provider computes, and why faster ones cannot be used: one line for
 *     people
 * @param vectorBits width of its vector registers in bits, 0 for plain loops
 * @param threads threads that compute, the calling one included
 * @param mappedBytes size of the weight files, mapped or copied. If the kernels have copies of the
 *     ternary weights, only embedding and head of it stay in use
 * @param preparedBytes memory that copies of weights take, nearly all of it outside the heap; with
 *     that of the LM head, which may be made after the first token only
 * @param weightBytesPerToken weights that a pass over one token and a greedy choice read: linear
 *     layers and LM head, in the form that the kernels read. Norms, and rows of the head that
 *     screening leaves to be computed, do not count
 * @param loadTime how long loading took
 */
public record ModelInfo(
    Path path,
    String architecture,
    long parameterCount,
    int numLayers,
    int hiddenSize,
    int intermediateSize,
    int numHeads,
    int numKvHeads,
    int headDim,
    int vocabSize,
    int contextLength,
    List<Integer> stopIds,
    String kernels,
    String kernelsReason,
    int vectorBits,
    int threads,
    long mappedBytes,
    long preparedBytes,
    long weightBytesPerToken,
    Duration loadTime) {
  /** Copies the list. */
  public ModelInfo {
    stopIds = List.copyOf(stopIds);
  }
}
