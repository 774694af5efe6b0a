package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.engine.InferenceEngine;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.LogitsRequest.Nucleus;
import io.github.bitnet4j.core.logits.LogitsRequest.TopK;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A forward pass of decode allocates nothing on any thread once buffers have grown. */
class AllocationTest {
  private static final BooleanSupplier NEVER = () -> false;
  private static final IntConsumer IGNORED = length -> {};

  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "2, true"})
  void aTokenAllocatesNothingInSteadyState(int threads, boolean screened) throws IOException {
    ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (TestModel model = new TestModel(Fixtures.DEMO_MODEL, "vector", threads, screened);
        KvCache cache = model.newCache()) {
      int tokens = 40;
      int[] ids = Fixtures.randomIds(1, 160 + tokens, model.config().vocabSize());
      LastTokens output = new LastTokens(new Logits(model.config().vocabSize()));
      BatchRequest request = new BatchRequest(cache);
      InferenceEngine engine = model.engine();
      List<LogitsRequest> needs = List.of(LogitsRequest.ALL, new TopK(40), new Nucleus(0.8f, 0.9f));
      long allocated = Long.MAX_VALUE;
      // Until the compiler has made values of vectors, which takes some thousand calls.
      for (int attempt = 0; attempt < 100 && allocated > 0; attempt++) {
        cache.truncate(0);
        engine.forward(request, ids, 160, output.set(LogitsRequest.ALL, 1), NEVER, IGNORED);
        long before = beans.getTotalThreadAllocatedBytes();
        for (int i = 1; i <= tokens; i++) {
          LogitsRequest need = needs.get(i % needs.size());
          engine.forward(request, ids, 160 + i, output.set(need, 1), NEVER, IGNORED);
        }
        allocated = beans.getTotalThreadAllocatedBytes() - before;
      }
      assertThat(allocated).as("bytes for %d tokens", tokens).isZero();
    }
  }
}
