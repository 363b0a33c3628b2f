// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import java.util.Locale;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Side;

/**
 * ASGO (An, Liu, Pan, Ren, Ma, Goldfarb, Zhang, <em>ASGO: Adaptive Structured Gradient Optimization</em>, arXiv
 * 2503.20762) for a weight W of m×n with gradient G, on the left side (m {@literal <} n):
 *
 * <pre>
 * M ← β₁M + (1−β₁)G            m×n  momentum, no bias correction
 * N ← M, or β₁M + (1−β₁)G      m×n  the direction; the latter with Nesterov's look-ahead
 * V ← β₂V + (1−β₂)XXᵀ          m×m  gram matrix of X = G, or of X = N
 * P ← V^(−1/2)                 m×m  damped; when the refresh policy says so
 * U ← PN                       m×n  the momentum is preconditioned, not the gradient
 * U ← U·0.2√(mn)/‖U‖_F              RMS scaling, or another
 * W ← (1−ηλ)W − ηU                  decoupled weight decay
 * </pre>
 *
 * On the right side V ← β₂V + (1−β₂)XᵀX is n×n and U ← NP. As published ({@link AsgoConfig#published}): N = M, X = G, a
 * root at every step. {@link AsgoConfig#theory} gives the paper's Algorithm 1. With eigenvalue correction P gives way
 * to V's eigenbasis and a second moment in it ({@link AsgoConfig#eigenvalueCorrection}). One step does one syrk, one
 * gemm and, when due, one root of order min(m, n) ({@link RootMethod}).
 *
 * <p>M and V are held divided by a power of two that follows the gradient's norm, so gradients of any scale that
 * float32 can express work, and give the same update wherever the damping is relative.
 *
 * <p>A root that fails is computed again in float64; if that fails too, the last good one stays in use, which is logged
 * and counted ({@link StepReport#rootsKept}); the third failure in a row, or a first root that fails, throws {@link
 * RootFailedException}. There is no silent identity.
 *
 * {@snippet file="RuleExamplesTest.java" region="asgo"}
 */
public final class Asgo extends Rule {
    private final AsgoConfig config;

    /** ASGO with these hyper-parameters. */
    public Asgo(AsgoConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public AsgoConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "asgo";
    }

    @Override
    String kept(int rows, int cols) {
        return "%s %s gram of %s".formatted(
                config.accumulation() == Accumulation.SUM ? "summed" : "averaged",
                Preconditioner.side(config.side(), rows, cols).name().toLowerCase(Locale.ROOT),
                config.gramSource() == GramSource.MOMENTUM ? "directions" : "gradients");
    }

    @Override
    boolean actsOnBlocks() {
        return true;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        Side side = Preconditioner.side(config.side(), rows, cols);
        SizeLimit limit = config.sizeLimit();
        if (Preconditioner.order(config.side(), rows, cols) <= limit.maxPreconditionerSize()) {
            return new AsgoState(backend, arena, config, rows, cols);
        }
        PreconditionerSide same = side == Side.LEFT ? PreconditionerSide.LEFT : PreconditionerSide.RIGHT;
        return switch (limit.beyond()) {
            case SPLIT -> BlockedState.ofAtMost(
                    limit.maxPreconditionerSize(), backend, new Asgo(config.withSide(same)), arena, rows, cols, side);
            case DIAGONAL -> new DasgoState(
                    backend, arena, DasgoConfig.published().withSide(same).withBetas(config.beta1(), config.beta2())
                            .withScaling(config.scaling()),
                    rows, cols);
        };
    }

    @Override
    int decomposedOrder(int rows, int cols) {
        if (config.root().method() == RootMethod.POLAR_EXPRESS) return 0; // products alone
        int order = Preconditioner.order(config.side(), rows, cols);
        SizeLimit limit = config.sizeLimit();
        if (order <= limit.maxPreconditionerSize()) return order;
        if (limit.beyond() == SizeLimit.Beyond.DIAGONAL) return 0;
        return Math.ceilDiv(order, Math.ceilDiv(order, limit.maxPreconditionerSize())); // BlockedState.ofAtMost
    }

    /** syevd counts as seven products of its order (measured 5–7), spread over the refresh interval. */
    @Override
    double cost(int rows, int cols) {
        double k = Preconditioner.order(config.side(), rows, cols);
        double products = 3 * k * rows * cols; //     syrk k·m·n and gemm 2k·m·n
        return products + 16 * k * k * k * config.refresh().frequency(); //  14k³ syevd, 2k³ syrk
    }
}
