package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.bitnet4j.LoadOptions.ProgressListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadOptionsTest {
  private final LoadOptions.Builder builder = LoadOptions.builder();

  @Test
  void defaultsLeaveAllToTheModelAndTheMachine() {
    LoadOptions options = LoadOptions.defaults();
    assertThat(options.kernels()).isEmpty();
    assertThat(options.threads()).isEmpty();
    assertThat(options.contextLength()).isEmpty();
    assertThat(options.kvCache()).isEqualTo(KvCacheType.F32);
    assertThat(options.headScreening()).isTrue();
    options.progress().onProgress(1, 2);
  }

  @Test
  void keepsWhatIsSet() {
    ProgressListener listener = (done, total) -> {};
    LoadOptions options =
        builder
            .kernels("scalar")
            .threads(3)
            .contextLength(4)
            .kvCache(KvCacheType.F16)
            .progress(listener)
            .headScreening(false)
            .build();
    assertThat(options.kernels()).contains("scalar");
    assertThat(options.threads()).hasValue(3);
    assertThat(options.contextLength()).hasValue(4);
    assertThat(options.kvCache()).isEqualTo(KvCacheType.F16);
    assertThat(options.progress()).isSameAs(listener);
    assertThat(options.headScreening()).isFalse();
  }

  @Test
  void acceptsTheLargestAndSmallestValues() {
    assertThat(builder.threads(1).build().threads()).hasValue(1);
    assertThat(builder.threads(LoadOptions.MAX_THREADS).build().threads()).hasValue(1024);
    assertThat(builder.contextLength(1).build().contextLength()).hasValue(1);
    assertThat(builder.contextLength(Integer.MAX_VALUE).build().contextLength())
        .hasValue(Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1025, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void refusesOtherNumbersOfThreads(int threads) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.threads(threads))
        .withMessage("threads: expected 1 to 1024, found " + threads);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void refusesContextsWithoutAToken(int contextLength) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.contextLength(contextLength))
        .withMessage("contextLength: expected 1 or more, found " + contextLength);
  }

  @Test
  void refusesNulls() {
    assertThatNullPointerException().isThrownBy(() -> builder.kernels(null)).withMessage("name");
    assertThatNullPointerException().isThrownBy(() -> builder.kvCache(null)).withMessage("type");
    assertThatNullPointerException()
        .isThrownBy(() -> builder.progress(null))
        .withMessage("listener");
  }

  @Test
  void isNotChangedByItsBuilder() {
    LoadOptions options = builder.threads(1).build();
    builder.threads(2);
    assertThat(options.threads()).hasValue(1);
  }
}
