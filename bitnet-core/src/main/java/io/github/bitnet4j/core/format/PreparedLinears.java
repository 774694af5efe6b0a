package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.PreparedFile.Section;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.core.format.WeightSource.StoredLinear;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Restores the linear layers of a model from sections of a {@link PreparedFile}. All that a section
 * says is checked, because right checksums do not make it right: scale, form, size, and every trit.
 */
final class PreparedLinears {
  private static final Linear[] LINEARS = Linear.values();

  private final ModelConfig config;
  private final List<StoredLinear> stored;
  private final Kernels kernels;
  private final Arena memory;
  private final @Nullable TernaryMatrix[] matrices;

  /**
   * Creates layers that are not restored yet.
   *
   * @param stored the layers as the model's files have them
   * @param memory owns what kernels need besides the sections; thread-safe
   */
  PreparedLinears(ModelConfig config, List<StoredLinear> stored, Kernels kernels, Arena memory) {
    this.config = config;
    this.stored = stored;
    this.kernels = kernels;
    this.memory = memory;
    matrices = new TernaryMatrix[stored.size()];
  }

  /**
   * Restores all layers.
   *
   * @param sections one for each layer
   * @return why a section is not valid, or null
   */
  @Nullable String restore(List<Section> sections, WorkerTeam team) {
    AtomicReference<@Nullable String> problem = new AtomicReference<>();
    try {
      team.run(
          matrices.length,
          1,
          (from, to, worker) -> {
            for (int unit = from; unit < to && problem.get() == null; unit++) {
              String found = restore(unit, sections.get(unit));
              if (found != null) {
                problem.compareAndSet(
                    null, "section %d (%s): %s".formatted(unit, stored.get(unit).name(), found));
              }
            }
          });
    } catch (InternalError e) {
      if (!InputFiles.isUnreadableMemory(e)) {
        throw e;
      }
      return "it was cut short while it was read";
    }
    return problem.get();
  }

  /** Returns a restored layer. */
  TernaryMatrix matrix(int unit) {
    return Objects.requireNonNull(matrices[unit], "not restored");
  }

  private @Nullable String restore(int unit, Section section) {
    float scale = section.scale();
    if (!(scale > 0 && scale < Float.POSITIVE_INFINITY)) {
      return "expected a positive finite scale, found " + scale;
    }
    int rows = LINEARS[unit % LINEARS.length].rows(config);
    int columns = LINEARS[unit % LINEARS.length].columns(config);
    return switch (section.form()) {
      case AS_STORED -> {
        if (!(stored.get(unit) instanceof Packed packed)
            || section.data().byteSize() != 0
            || packed.scale() != scale) {
          yield "expected trits of its own, found a reference to the model's file";
        }
        yield prepare(unit, packed.trits());
      }
      case TRITS -> {
        long bytes = TernaryLayout.ROW_QUARTERS.byteSize(rows, columns);
        if (section.data().byteSize() != bytes) {
          yield "expected %d bytes of trits, found %d".formatted(bytes, section.data().byteSize());
        }
        yield prepare(
            unit,
            new TernaryTensor(
                stored.get(unit).name(),
                TernaryLayout.ROW_QUARTERS,
                rows,
                columns,
                section.data()));
      }
      case COPY -> {
        try {
          matrices[unit] = kernels.restore(rows, columns, section.data());
          yield null;
        } catch (IllegalArgumentException e) {
          yield e.getMessage();
        }
      }
    };
  }

  private @Nullable String prepare(int unit, TernaryTensor trits) {
    if (WeightScan.findInvalidTrit(trits) >= 0) {
      return "expected valid trit codes, found an invalid one";
    }
    matrices[unit] = kernels.prepare(trits, memory);
    return null;
  }
}
