package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.bitnet4j.core.model.KvCache;
import io.github.bitnet4j.core.sampling.LogitNeed;
import io.github.bitnet4j.core.sampling.LogitNeed.Largest;
import io.github.bitnet4j.core.sampling.LogitNeed.Nucleus;
import io.github.bitnet4j.core.sampling.Logits;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A forward pass of decode allocates nothing on any thread once buffers have grown. */
class AllocationTest {
  private static final BooleanSupplier NEVER = () -> false;

  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "2, true"})
  void aTokenAllocatesNothingInSteadyState(int threads, boolean screened) throws IOException {
    ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (TestModel model = new TestModel(Fixtures.DEMO_MODEL, "vector", threads, screened);
        KvCache cache = model.newCache()) {
      int tokens = 40;
      int[] ids = Fixtures.randomIds(1, 160 + tokens, model.config().vocabSize());
      Logits[] logits = {new Logits(model.config().vocabSize())};
      List<LogitNeed> needs = List.of(LogitNeed.ALL, new Largest(40), new Nucleus(0.8f, 0.9f));
      long allocated = Long.MAX_VALUE;
      // Until the compiler has made values of vectors, which takes some thousand calls.
      for (int attempt = 0; attempt < 100 && allocated > 0; attempt++) {
        cache.truncate(0);
        model.transformer().forward(ids, 160, cache, LogitNeed.ALL, logits, 1, NEVER);
        long before = beans.getTotalThreadAllocatedBytes();
        for (int i = 1; i <= tokens; i++) {
          LogitNeed need = needs.get(i % needs.size());
          model.transformer().forward(ids, 160 + i, cache, need, logits, 1, NEVER);
        }
        allocated = beans.getTotalThreadAllocatedBytes() - before;
      }
      assertThat(allocated).as("bytes for %d tokens", tokens).isZero();
    }
  }
}
