package io.github.bitnet4j.core.engine;

import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets kernels compiled that are slow until the JVM has done so: vector code that is interpreted
 * makes an object of every vector and takes a hundred times as long.
 *
 * <p>A thread of its own runs every operation on little data, in the widths of the model, until
 * each has become faster than the same operation of kernels in plain loops, which are compiled
 * soon. What it finds decides about speed only: all kernels return the same bits.
 *
 * <p>Thread-safe.
 */
final class WarmUp implements ColdStart {
  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

  /** Where a JVM does not compile vector code well, it has had its chance by then. */
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** A first short answer is better left to the other threads alone. */
  private static final long DELAY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Then this thread sleeps so many times as long as it works. */
  private static final int PAUSES = 3;

  /** Runs of the plain operation at the start, so that it is compiled when it is compared with. */
  private static final int PLAIN_RUNS = 10;

  /** Rounds between two runs of the plain operation. */
  private static final int PLAIN_EVERY = 8;

  /** Rounds in a row in which an operation must be faster than the plain one. */
  private static final int FAST_ROUNDS = 3;

  /** Rows of the small matrices. */
  private static final int ROWS = 64;

  private static final int FEW_ROWS = 32;

  /** Rows of activations of a prefill. */
  private static final int TOKENS = 24;

  /** Wider models have the columns of this; only the time that a run takes depends on it. */
  private static final int MAX_COLUMNS = 512;

  private final Kernels kernels;
  private final Kernels plain;
  private final ModelConfig config;
  private final DenseType headType;
  private final boolean screening;
  private final Thread thread = new Thread(null, this::run, "bitnet4j-warm-up", 0, false);
  private volatile boolean warm;

  /**
   * Prepares it.
   *
   * @param config of the model that the kernels are for
   * @param headType how its LM head is stored
   * @param screening whether it has a quantized copy for screening
   * @param kernels to be compiled
   * @param plain kernels to compare them with
   */
  WarmUp(
      ModelConfig config, DenseType headType, boolean screening, Kernels kernels, Kernels plain) {
    this.config = config;
    this.headType = headType;
    this.screening = screening;
    this.kernels = kernels;
    this.plain = plain;
  }

  @Override
  public void start() {
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Optional<Kernels> plain() {
    return Optional.of(plain);
  }

  @Override
  public boolean usesPlain(int positions, boolean manyLogits) {
    return !warm;
  }

  /** Returns whether the kernels are compiled: faster than the plain ones. */
  boolean isWarm() {
    return warm;
  }

  private void run() {
    long start = System.nanoTime();
    try (Arena arena = Arena.ofConfined()) {
      pause(DELAY_NANOS);
      warm = run(new Operations(kernels, arena).all(), new Operations(plain, arena).all());
    } catch (InterruptedException e) {
      return; // closed
    } catch (RuntimeException | Error e) { // whoever uses these kernels will get it too
      LOG.warn("Kernels failed while warming up", e);
    }
    LOG.debug(
        "Kernels {} after {} ms",
        warm ? "are compiled" : "did not get faster than plain ones",
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
  }

  /** Returns whether all operations have become faster than the plain ones. */
  private boolean run(List<Runnable> operations, List<Runnable> plainOperations)
      throws InterruptedException {
    long[] plainNanos = new long[operations.size()];
    Arrays.fill(plainNanos, Long.MAX_VALUE);
    int[] fastRounds = new int[operations.size()];
    long total = 0;
    for (int round = 0; total < LIMIT_NANOS; round++) {
      boolean allFast = true;
      for (int i = 0; i < operations.size(); i++) {
        long start = System.nanoTime();
        int plainRuns = round == 0 ? PLAIN_RUNS : round % PLAIN_EVERY == 0 ? 1 : 0;
        for (int run = 0; run < plainRuns; run++) {
          plainNanos[i] = Math.min(plainNanos[i], nanos(plainOperations.get(i)));
        }
        boolean fast = nanos(operations.get(i)) < plainNanos[i];
        fastRounds[i] = fast ? fastRounds[i] + 1 : 0;
        allFast &= fastRounds[i] >= FAST_ROUNDS;
        long worked = System.nanoTime() - start;
        total += worked;
        pause(PAUSES * worked);
      }
      if (allFast) {
        return true;
      }
    }
    return false;
  }

  private static void pause(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    TimeUnit.NANOSECONDS.sleep(nanos);
  }

  private static long nanos(Runnable operation) {
    long start = System.nanoTime();
    operation.run();
    return System.nanoTime() - start;
  }

  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The operations of some kernels on random data. */
  private final class Operations {
    private final Random random = new Random(1);
    private final Kernels kernels;
    private final Kernels.Scratch scratch;
    private final Arena arena;
    private final int columns =
        Math.min(config.hiddenSize(), MAX_COLUMNS / headType.blockSize() * headType.blockSize());
    private final float[] x = new float[TOKENS * columns];
    private final float[] out = new float[TOKENS * Math.max(ROWS, columns)];
    private final float[] normWeight = new float[columns];
    private final byte[] int8 = new byte[TOKENS * columns];

    Operations(Kernels kernels, Arena arena) {
      this.kernels = kernels;
      this.arena = arena;
      scratch = kernels.newScratch();
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextFloat() - 0.5f;
      }
      Arrays.fill(normWeight, 1);
      random.nextBytes(int8);
    }

    List<Runnable> all() {
      List<Runnable> all = new ArrayList<>();
      all.add(ternaryProducts(ROWS, 1));
      all.add(ternaryProducts(FEW_ROWS, TOKENS));
      all.add(attention());
      all.add(this::normalizeAndQuantize);
      DenseMatrix head = head();
      if (screening) {
        all.add(screening(head));
      } else {
        all.add(() -> kernels.denseMatMul(head, x, 1, out, 0, ROWS, scratch));
      }
      return all;
    }

    private Runnable ternaryProducts(int rows, int tokens) {
      TernaryLayout layout = TernaryLayout.ROW_QUARTERS;
      MemorySegment data = arena.allocate(layout.byteSize(rows, columns), Long.BYTES);
      for (long i = 0; i < data.byteSize(); i++) {
        int codes = 0;
        for (int j = 0; j < 4; j++) {
          codes = codes << 2 | random.nextInt(3);
        }
        data.set(ValueLayout.JAVA_BYTE, i, (byte) codes);
      }
      TernaryMatrix w =
          kernels.prepare(new TernaryTensor("warm-up", layout, rows, columns, data), arena);
      int[] products = new int[tokens * rows];
      return () -> {
        int8[0]++; // a new input: what was computed from the last one does not help
        kernels.ternaryMatMul(w, int8, tokens, products, 0, w.units(), scratch);
      };
    }

    private Runnable attention() {
      int heads = config.numHeads() / config.numKvHeads();
      int dim = config.headDim();
      int length = KvCache.BLOCK;
      MemorySegment panels = arena.allocate(DenseType.F32.rowBytes(dim * length), 64);
      for (long i = 0; i < panels.byteSize(); i += Float.BYTES) {
        panels.set(ValueLayout.JAVA_FLOAT, i, random.nextFloat());
      }
      float[] scores = new float[heads * length];
      return () -> {
        for (int panel = 0; panel < length / Kernels.PANEL; panel++) {
          kernels.panelMatMul(
              x,
              0,
              dim,
              heads,
              DenseType.F32,
              panels,
              panel * DenseType.F32.rowBytes(Kernels.PANEL) * dim,
              dim,
              scores,
              panel * Kernels.PANEL,
              length);
        }
        for (int head = 0; head < heads; head++) {
          kernels.softmax(scores, head * length, length, 0.1f);
        }
        kernels.panelMatMul(
            scores, 0, length, heads, DenseType.F32, panels, 0, length, out, 0, Kernels.PANEL);
      };
    }

    private void normalizeAndQuantize() {
      for (int row = 0; row < 4; row++) {
        kernels.rmsNorm(x, row * columns, normWeight, 1e-5f, out, row * columns, scratch);
        kernels.quantize(out, row * columns, columns, int8, row * columns);
      }
    }

    private DenseMatrix head() {
      MemorySegment data = arena.allocate(ROWS * headType.rowBytes(columns), Long.BYTES);
      return new DenseMatrix("warm-up", headType, ROWS, columns, data); // zeros are as good
    }

    private Runnable screening(DenseMatrix head) {
      Int8Matrix w = Int8Matrix.allocate(ROWS, columns, arena);
      short[] input = new short[w.lines() * Int8Matrix.LINE];
      int[] lines = new int[w.lines()];
      Arrays.setAll(lines, line -> line);
      int[] rows = {1, 3, 5, 8};
      int[] sums = new int[ROWS];
      return () -> {
        kernels.int8Products(w, input, lines, lines.length, sums, 0, ROWS);
        kernels.denseRows(head, rows, x, 0, out, 0, rows.length, scratch);
      };
    }
  }
}
