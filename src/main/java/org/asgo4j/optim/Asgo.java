package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * ASGO (An, Liu, Pan, Ren, Ma, Goldfarb, Zhang, <em>ASGO: Adaptive Structured Gradient Optimization</em>, arXiv
 * 2503.20762) for a weight W of m×n with gradient G, on the left side (m {@literal <} n):
 *
 * <pre>
 * M ← β₁M + (1−β₁)G            m×n  momentum, no bias correction
 * V ← β₂V + (1−β₂)GGᵀ          m×m  gram matrix
 * P ← V^(−1/2)                 m×m  damped; every refreshInterval steps
 * U ← PM                       m×n  the momentum is preconditioned, not the gradient
 * U ← U·0.2√(mn)/‖U‖_F              RMS scaling
 * W ← (1−ηλ)W − ηU                  decoupled weight decay
 * </pre>
 *
 * On the right side V ← β₂V + (1−β₂)GᵀG is n×n and U ← MP. {@link AsgoConfig#theory} gives the paper's Algorithm 1.
 * One step does one syrk, one symm and, when due, one syevd and one syrk of order min(m, n).
 *
 * <p>M and V are held divided by a power of two that follows the gradient's norm, so gradients of any scale that
 * float32 can express work, and give the same update wherever the damping is relative.
 */
public final class Asgo extends Rule {
    private final AsgoConfig config;

    /** ASGO with these hyper-parameters. */
    public Asgo(AsgoConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    /** The hyper-parameters. */
    public AsgoConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "asgo";
    }

    @Override
    boolean actsOnBlocks() {
        return true;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new AsgoState(backend, arena, config, rows, cols);
    }

    /** syevd counts as seven products of its order (measured 5–7), spread over the refresh interval. */
    @Override
    double cost(int rows, int cols) {
        double k = Preconditioner.order(config.side(), rows, cols);
        double products = 3 * k * rows * cols; //     syrk k·m·n and symm 2k·m·n
        return products + 16 * k * k * k / config.refreshInterval(); //  14k³ syevd, 2k³ syrk
    }
}
