import CKernels
import ModelGraph

/// The arrays of an ensemble where the C kernel reads them, at the beginning of a cache line each.
///
/// Nothing is written after `init`, so that threads may share it.
@safe final class PackedForest: @unchecked Sendable {
  /// How many sums a row has.
  let outputs: Int
  private let forest: gatehouse_forest
  private let columns: UnsafePointer<gatehouse_column>
  private let columnCount: Int
  private let isSingle: Bool
  /// What `deinit` gives back.
  private let allocations: [UnsafeMutableRawPointer]

  /// How many bytes of columns are made before the trees are read: what the second cache holds beside a tree.
  private static let blockBytes = 512 << 10
  private static let mostBlockRows = 1024
  /// Trees of more bytes than this are fetched from afar once for each block of rows.
  private static let nearBytes = 256 << 10

  /// How many rows should be asked about at a time: many of large ensembles.
  let worthwhileRows: Int

  /// Lays the trees out, with tests of small ones where `makesTests`.
  init(_ trees: TreeEnsemble, makesTests: Bool) {
    let packer = TreePacker(trees, makesTests: makesTests)
    var allocations: [UnsafeMutableRawPointer] = unsafe []
    func place<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
      let count = max(1, elements.count)
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: count * MemoryLayout<Element>.stride, alignment: Self.lineBytes)
      unsafe allocations.append(memory)
      let typed = unsafe memory.bindMemory(to: Element.self, capacity: count)
      unsafe elements.withUnsafeBufferPointer { elements in
        guard let source = elements.baseAddress else { return }
        unsafe typed.initialize(from: source, count: elements.count)
      }
      return unsafe UnsafePointer(typed)
    }
    self.outputs = trees.outputs
    self.worthwhileRows =
      packer.nodes.count * 8 > Self.nearBytes && packer.leafLimit == 0 ? Self.mostBlockRows : 1
    self.columnCount = packer.columns.count
    self.isSingle = trees.comparesSingles
    unsafe self.columns = place(packer.columns)
    let tests: UnsafeRawPointer =
      packer.isWide
      ? unsafe UnsafeRawPointer(place(packer.tests64)) : unsafe UnsafeRawPointer(place(packer.tests32))
    unsafe self.forest = gatehouse_forest(
      trees: place(packer.trees), tree_count: packer.trees.count, nodes: place(packer.nodes),
      sets: place(packer.sets), values: place(packer.values), tests: tests, leaves: place(packer.leaves),
      leaf_places: packer.leafPlaces, leaf_outputs: packer.leafOutputs, outputs: trees.outputs,
      leaf_limit: UInt32(packer.leafLimit), is_wide: packer.isWide ? 1 : 0,
      has_sets: packer.sets.isEmpty ? 0 : 1, aggregate: trees.aggregate.number)
    unsafe self.allocations = allocations
  }

  deinit {
    unsafe allocations.forEach { unsafe $0.deallocate() }
  }

  private static let lineBytes = 64

  /// Adds to `sums` what the trees give for rows of `columns` features, tree after tree.
  ///
  /// Rows are taken in blocks whose columns stay in the cache while each tree is read once.
  @unsafe func addLeaves(
    of rows: UnsafePointer<Double>, columns: Int, rowCount: Int, to sums: UnsafeMutablePointer<Double>,
    level: VectorLevel
  ) {
    let isWide: Int32 = unsafe forest.is_wide == 0 ? 0 : 1
    let groupRows = isWide == 0 ? 16 : 8
    let groupBytes = columnCount * Int(GATEHOUSE_COLUMN_BYTES)
    let groupsInBlock = max(1, min(Self.mostBlockRows / groupRows, Self.blockBytes / groupBytes))
    let blockRows = groupsInBlock * groupRows
    let groupsNeeded = min(groupsInBlock, (rowCount + groupRows - 1) / groupRows)
    unsafe withUnsafeTemporaryAllocation(byteCount: groupsNeeded * groupBytes, alignment: Self.lineBytes) {
      groups in
      guard let start = groups.baseAddress else { return }
      for first in stride(from: 0, to: rowCount, by: blockRows) {
        let blockCount = min(blockRows, rowCount - first)
        for row in stride(from: 0, to: blockCount, by: groupRows) {
          let group = unsafe start + row / groupRows * groupBytes
          let count = min(groupRows, blockCount - row)
          if count < groupRows {
            unsafe group.initializeMemory(as: UInt8.self, repeating: 0, count: groupBytes)
          }
          unsafe gatehouse_make_columns(
            level.number, rows + (first + row) * columns, columns, count, self.columns, columnCount, isWide,
            isSingle ? 1 : 0, group)
        }
        unsafe withUnsafePointer(to: forest) { forest in
          unsafe gatehouse_add_leaves(
            level.number, forest, start, groupBytes, blockCount, sums + first * outputs)
        }
      }
    }
  }
}

extension TreeEnsemble.Aggregate {
  fileprivate var number: UInt8 {
    switch self {
    case .sum: UInt8(GATEHOUSE_SUM)
    case .sumOfSingles: UInt8(GATEHOUSE_SUM_OF_SINGLES)
    case .minimum: UInt8(GATEHOUSE_MINIMUM)
    case .maximum: UInt8(GATEHOUSE_MAXIMUM)
    }
  }
}
