package io.github.bitnet4j.core.compute;

import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.Kernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The threads that compute a forward pass and the kernels of each of them. One thread at a time may
 * use it; {@link #kernels} is for the threads of the team while a task runs.
 */
public final class Workers {
  private final WorkerTeam team;
  private final WorkerKernels[] own;
  private final WorkerKernels[] plain;
  private WorkerKernels[] active;

  /** Creates the kernels of all threads of a team. */
  public Workers(WorkerTeam team, Kernels kernels) {
    this(team, kernels, null);
  }

  /**
   * Creates the kernels of all threads of a team.
   *
   * @param kernels those that the weights were prepared for
   * @param plain kernels that may compute in their place, if any
   */
  public Workers(WorkerTeam team, Kernels kernels, @Nullable Kernels plain) {
    this.team = team;
    own = new WorkerKernels[team.threads()];
    Arrays.setAll(own, worker -> WorkerKernels.of(kernels));
    this.plain = own.clone();
    if (plain != null) {
      Arrays.setAll(this.plain, worker -> own[worker].inPlainLoops(plain));
    }
    active = own;
  }

  /** Selects the kernels that compute from now on: the plain ones, if there are any, or its own. */
  public void usePlain(boolean use) {
    active = use ? plain : own;
  }

  /**
   * Returns the kernels of a thread.
   *
   * @param worker number of the thread, as {@link RangeTask} receives it
   */
  public WorkerKernels kernels(int worker) {
    return active[worker];
  }

  /** Runs a task on all threads; see {@link WorkerTeam#run}. */
  public void run(int units, int grain, RangeTask task) {
    team.run(units, grain, task);
  }

  /** Returns the number of threads. */
  public int threads() {
    return team.threads();
  }

  /** Returns the threads. */
  public WorkerTeam team() {
    return team;
  }
}
