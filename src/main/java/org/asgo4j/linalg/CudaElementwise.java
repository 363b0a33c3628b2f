// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * Memory of the GPU and the elementwise operations on it, by our own kernels: the roundings that {@link Backend}
 * promises, one fma in place and sums in float64, are not those of cuBLAS's geam, dgmm and nrm2.
 */
abstract sealed class CudaElementwise implements Backend permits CudaSquare {
    /** Elements whose squares one thread group of the kernel adds up, as the CPU's kernels do. */
    private static final long SQUARES_BLOCK = 4096;

    /** Groups of 32 threads in a block of the kernel that squares. */
    private static final int WARPS = 8;

    /** Threads of a block of the kernel that adds up columns: few, so that few columns still fill many blocks. */
    private static final int COLUMNS_BLOCK = 128;

    /** Blocks side by side: more than a GPU runs at once. */
    private static final int MAX_BLOCKS = 4096;

    /** Every byte of a 64-bit −1. */
    private static final int ALL_ONES = 0xFF;

    private final CudaModule module;
    private final CudaLanes lanes;
    private final boolean pageLock; // the caller's memory, where that is wanted only for speed
    private volatile boolean closed;

    CudaElementwise(boolean pageLock) {
        this.pageLock = pageLock;
        CudaDevice.select();
        this.module = new CudaModule();
        this.lanes = new CudaLanes(module);
    }

    @Override
    public final BackendName name() {
        return BackendName.CUDA;
    }

    final void checkOpen(String operation) {
        if (closed) throw new IllegalStateException(operation + ": backend CUDA is closed");
    }

    /** The calling thread's lane, at the beginning of an operation. */
    final CudaLane begin(String operation) {
        CudaLane lane = lanes.get();
        lane.begin(operation);
        return lane;
    }

    @Override
    public final synchronized void close() {
        if (closed) return;
        closed = true;
        CudaResources.release("cudaSetDevice", MemorySegment.NULL, any -> Cuda.cudaSetDevice(CudaDevice.ORDINAL));
        lanes.close();
        module.close();
    }

    @Override
    public final void synchronize() {
        checkOpen("synchronize");
        lanes.get().synchronizeAll();
    }

    @Override
    public final Matrix allocate(Arena arena, ElementType type, int rows, int cols) {
        checkOpen("allocate");
        long bytes = Shapes.allocate(arena, type, rows, cols);
        CudaLane lane = begin("allocate");
        MemorySegment memory = CudaMemory.allocate(arena, bytes);
        CudaErrors.runtime("cudaMemsetAsync", Cuda.cudaMemsetAsync(memory, 0, bytes, lane.stream));
        lane.synchronize(); // any thread may use it next
        return Matrix.onDevice(memory, type, rows, cols, cols, bytes);
    }

    @Override
    public final Matrix allocateHost(Arena arena, ElementType type, int rows, int cols) {
        checkOpen("allocateHost");
        long bytes = Shapes.allocate(arena, type, rows, cols);
        begin("allocateHost");
        return new Matrix(CudaMemory.allocateHost(arena, bytes), type, rows, cols, cols);
    }

    @Override
    public final void pin(Arena arena, Matrix m) {
        checkOpen("pin");
        Shapes.usable("pin", arena);
        Shapes.readable(name(), "pin", "M", m);
        if (m.isOnDevice()) return;
        begin("pin");
        CudaMemory.register(arena, m.segment(), ((m.rows() - 1L) * m.rowStride() + m.cols()) * m.type().byteSize());
    }

    @Override
    public final Optional<String> pinWherePossible(Arena arena, List<Matrix> matrices) {
        checkOpen("pinWherePossible");
        Shapes.usable("pinWherePossible", arena);
        for (Matrix m : matrices) Shapes.readable(name(), "pinWherePossible", "M", m);
        if (!pageLock) return Optional.empty();
        begin("pinWherePossible");
        return CudaPages.of(matrices).register(arena);
    }

    @Override
    public final void upload(Matrix x, Matrix y) {
        checkOpen("upload");
        Shapes.transfer(name(), "upload", x, y);
        Shapes.placed("upload", "X", x, false);
        Shapes.placed("upload", "Y", y, true);
        begin("upload").copies().upload(x, y);
    }

    @Override
    public final void download(Matrix x, Matrix y) {
        checkOpen("download");
        Shapes.transfer(name(), "download", x, y);
        Shapes.placed("download", "X", x, true);
        Shapes.placed("download", "Y", y, false);
        begin("download").copies().download(x, y);
    }

    @Override
    public final void awaitUploads() {
        checkOpen("awaitUploads");
        begin("awaitUploads").copies().awaitUploads();
    }

    @Override
    public final Matrix deviceMatrix(
            Arena arena, long address, ElementType type, int rows, int cols, int rowStride) {
        checkOpen("deviceMatrix");
        Shapes.usable("deviceMatrix", arena);
        begin("deviceMatrix");
        long bytes = CudaMemory.bytesFrom(address);
        MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(0, arena, null);
        return Matrix.onDevice(memory, type, rows, cols, rowStride, bytes);
    }

    @Override
    public final void axpby(float alpha, Matrix x, float beta, Matrix y) {
        checkOpen("axpby");
        ElementwiseShapes.axpby(name(), x, y);
        CudaLane lane = begin("axpby");
        MemorySegment from = lane.staging.read(x);
        MemorySegment to = beta == 0 ? lane.staging.write(y) : lane.staging.readWrite(y);
        lane.launch.of(CudaKernel.AXPBY).flat(x.isContiguous() && y.isContiguous())
                .add(alpha).add(from, x).add(beta).add(to, y).overElements(y);
        lane.end();
    }

    @Override
    public final void adamw(
            float gradientScale,
            double beta1,
            double beta2,
            float epsilon,
            float stepSize,
            float rootCorrection,
            float decay,
            Matrix gradient,
            Matrix firstMoment,
            Matrix secondMoment,
            Matrix weight) {
        checkOpen("adamw");
        ElementwiseShapes.adamw(name(), gradient, firstMoment, secondMoment, weight);
        CudaLane lane = begin("adamw");
        CudaStaging staging = lane.staging;
        boolean flat = gradient.isContiguous() && firstMoment.isContiguous() && secondMoment.isContiguous()
                && weight.isContiguous();
        lane.launch.of(CudaKernel.ADAMW).flat(flat)
                .add(gradientScale).add((float) (1 - beta1)).add((float) (1 - beta2)).add((float) beta2)
                .add(epsilon).add(stepSize).add(rootCorrection).add(decay)
                .add(staging.read(gradient), gradient).add(staging.readWrite(firstMoment), firstMoment)
                .add(staging.readWrite(secondMoment), secondMoment).add(staging.readWrite(weight), weight)
                .overElements(weight);
        lane.end();
    }

    /** Three launches, which read the gradient twice: there is no kernel for it. */
    @Override
    public final void lookAhead(float fresh, Matrix gradient, float keep, Matrix momentum, Matrix direction) {
        checkOpen("lookAhead");
        ElementwiseShapes.lookAhead(name(), gradient, momentum, direction);
        axpby(fresh, gradient, keep, momentum);
        axpby(fresh, gradient, 0, direction);
        axpby(keep, momentum, 1, direction);
    }

    @Override
    public final void lion(float gradientScale, double beta1, double beta2, float stepSize, float decay,
            Matrix gradient, Matrix momentum, Matrix weight) {
        checkOpen("lion");
        ElementwiseShapes.lion(name(), gradient, momentum, weight);
        CudaLane lane = begin("lion");
        lane.launch.of(CudaKernel.LION)
                .flat(gradient.isContiguous() && momentum.isContiguous() && weight.isContiguous())
                .add(gradientScale).add((float) beta1).add((float) (1 - beta1)).add((float) beta2)
                .add((float) (1 - beta2)).add(stepSize).add(decay)
                .add(lane.staging.read(gradient), gradient).add(lane.staging.readWrite(momentum), momentum)
                .add(lane.staging.readWrite(weight), weight)
                .overElements(weight);
        lane.end();
    }

    @Override
    public final void scaleRows(Matrix d, Matrix a) {
        checkOpen("scaleRows");
        ElementwiseShapes.scaleRows(name(), d, a);
        CudaLane lane = begin("scaleRows");
        lane.launch.of(CudaKernel.SCALE_ROWS, a.type())
                .add(lane.staging.read(d)).add(lane.staging.readWrite(a), a).overElements(a);
        lane.end();
    }

    @Override
    public final void scaleCols(Matrix d, Matrix a) {
        checkOpen("scaleCols");
        ElementwiseShapes.scaleCols(name(), d, a);
        CudaLane lane = begin("scaleCols");
        lane.launch.of(CudaKernel.SCALE_COLS)
                .add(lane.staging.read(d)).add(lane.staging.readWrite(a), a).overElements(a);
        lane.end();
    }

    @Override
    public final void symmetrize(Matrix a) {
        checkOpen("symmetrize");
        ElementwiseShapes.symmetrize(name(), a);
        CudaLane lane = begin("symmetrize");
        symmetrize(lane, lane.staging.readWrite(a), a);
        lane.end();
    }

    static void symmetrize(CudaLane lane, MemorySegment memory, Matrix a) {
        lane.launch.of(CudaKernel.SYMMETRIZE, a.type()).add(memory, a).overTiles(a.rows());
    }

    @Override
    public final void gramDiagonal(Side side, double alpha, Matrix a, double beta, Matrix d) {
        checkOpen("gramDiagonal");
        ElementwiseShapes.gramDiagonal(name(), side, a, d);
        CudaLane lane = begin("gramDiagonal");
        MemorySegment elements = lane.staging.read(a);
        MemorySegment sums = lane.staging.readWrite(d);
        if (side == Side.LEFT) {
            MemorySegment partials = squaresOfBlocks(lane, elements, a, false);
            lane.launch.of(CudaKernel.GRAM_DIAGONAL_ROWS).add(alpha).add(partials)
                    .add(Math.ceilDiv(a.cols(), SQUARES_BLOCK)).add(beta).add(sums).add((long) a.rows())
                    .over(a.rows());
        } else {
            lane.launch.of(CudaKernel.GRAM_DIAGONAL_COLS).add(alpha).add(elements, a).add(beta).add(sums)
                    .add((long) a.rows()).add((long) a.cols())
                    .launch(Math.ceilDiv(a.cols(), COLUMNS_BLOCK), 1, COLUMNS_BLOCK);
        }
        lane.end();
    }

    @Override
    public final void addSquares(float alpha, Matrix x, float beta, Matrix y) {
        checkOpen("addSquares");
        ElementwiseShapes.addSquares(name(), x, y);
        CudaLane lane = begin("addSquares");
        lane.launch.of(CudaKernel.ADD_SQUARES).flat(x.isContiguous() && y.isContiguous())
                .add(alpha).add(lane.staging.read(x), x).add(beta).add(lane.staging.readWrite(y), y).overElements(y);
        lane.end();
    }

    @Override
    public final void divideByRoot(Matrix x, Matrix v, float inside, float outside, Matrix y) {
        checkOpen("divideByRoot");
        ElementwiseShapes.divideByRoot(name(), x, v, y);
        CudaLane lane = begin("divideByRoot");
        lane.launch.of(CudaKernel.DIVIDE_BY_ROOT)
                .flat(x.isContiguous() && v.isContiguous() && y.isContiguous())
                .add(lane.staging.read(x), x).add(lane.staging.read(v), v).add(inside).add(outside)
                .add(lane.staging.write(y), y).overElements(y);
        lane.end();
    }

    @Override
    public final void gather(int[] rows, int[] cols, Matrix x, Matrix y) {
        checkOpen("gather");
        ElementwiseShapes.gather(name(), rows, cols, x, y);
        CudaLane lane = begin("gather");
        MemorySegment orders = lane.orders.upload(rows, cols, lane);
        lane.launch.of(CudaKernel.GATHER, x.type())
                .add(orders).add(orders.address() + (long) rows.length * Integer.BYTES)
                .add(lane.staging.read(x), x).add(lane.staging.write(y), y).overElements(y);
        lane.end();
    }

    @Override
    public final void copy(Matrix x, Matrix y) {
        checkOpen("copy");
        Shapes.elementwise(name(), "copy", "X", x, "Y", y);
        CudaLane lane = begin("copy");
        if (x.type() != y.type()) {
            CudaKernel kernel = x.type() == ElementType.FLOAT32 ? CudaKernel.WIDEN : CudaKernel.NARROW;
            lane.launch.of(kernel).flat(x.isContiguous() && y.isContiguous())
                    .add(lane.staging.read(x), x).add(lane.staging.write(y), y).overElements(y);
            lane.end();
        } else if (x.segment().address() != y.segment().address()) {
            CudaStaging.copy(x, y, lane.stream);
            if (!x.isOnDevice() || !y.isOnDevice()) lane.synchronize();
        }
    }

    @Override
    public final double sumOfSquares(Matrix x) {
        checkOpen("sumOfSquares");
        ElementwiseShapes.sumOfSquares(name(), x);
        CudaLane lane = begin("sumOfSquares");
        long rows = x.isContiguous() ? 1 : x.rows();
        MemorySegment partials = squaresOfBlocks(lane, lane.staging.read(x), x, x.isContiguous());
        lane.launch.of(CudaKernel.SUM_OF_PARTIALS).add(partials).add(Math.ceilDiv(x.size() / rows, SQUARES_BLOCK))
                .add(rows).add(lane.result()).launch(1, 1, CudaLaunch.BLOCK);
        return lane.awaitResult().get(ValueLayout.JAVA_DOUBLE, 0);
    }

    /** The sums of squares of every 4096 elements of each row, as the CPU's kernels add them up. */
    private static MemorySegment squaresOfBlocks(
            CudaLane lane, MemorySegment elements, Matrix x, boolean flat) {
        long rows = flat ? 1 : x.rows();
        long cols = x.size() / rows;
        long blocks = rows * Math.ceilDiv(cols, SQUARES_BLOCK);
        MemorySegment partials = lane.partials.atLeast(blocks * Double.BYTES);
        lane.launch.of(CudaKernel.SQUARES_OF_BLOCKS).flat(flat).add(elements, x).add(partials).add(rows).add(cols)
                .launch((int) Math.min(Math.ceilDiv(blocks, WARPS), MAX_BLOCKS), 1, CudaLaunch.BLOCK);
        return partials;
    }

    @Override
    public final long firstNonFinite(Matrix x) {
        checkOpen("firstNonFinite");
        Shapes.readable(name(), "firstNonFinite", "X", x);
        CudaLane lane = begin("firstNonFinite");
        return firstNonFinite(lane, lane.staging.read(x), x);
    }

    static long firstNonFinite(CudaLane lane, MemorySegment memory, Matrix x) {
        lane.presetResult(ALL_ONES);
        lane.launch.of(CudaKernel.FIRST_NON_FINITE, x.type()).flat(x.isContiguous())
                .add(memory, x).add(lane.result()).overElements(x);
        return lane.awaitResult().get(ValueLayout.JAVA_LONG, 0);
    }

}
