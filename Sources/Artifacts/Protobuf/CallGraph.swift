/// Which functions of a model call which, to find calls in a circle and calls that multiply.
///
/// A dozen functions that each call the next one twice, a hundred times over, are small in a file and endless
/// for a runtime that puts bodies in place of calls.
struct CallGraph {
  /// How many functions are kept.
  static let functionLimit = 100_000
  /// How many calls of different functions are kept.
  static let callLimit = 1_000_000

  /// What is wrong with a function's calls.
  enum Fault {
    /// The function calls itself, maybe by way of others.
    case circle
    /// Put in place of each call, the bodies are more than `limit` operations.
    case expansion
  }

  private var indices: [Int: Int] = [:]
  private var names: [String] = []
  private var sizes: [Int] = []
  private var calls: [[Int: Int]] = []
  private var callCount = 0
  /// Whether functions or calls were left out because of the limits.
  private(set) var isCut = false

  /// The index of a function, by the hash of its name; makes one where there is none yet.
  mutating func function(_ hash: Int, named name: @autoclosure () -> String) -> Int? {
    if let index = indices[hash] { return index }
    guard names.count < Self.functionLimit else {
      isCut = true
      return nil
    }
    indices[hash] = names.count
    names.append(name())
    sizes.append(0)
    calls.append([:])
    return names.count - 1
  }

  /// The function whose name has this hash, where it was declared.
  func index(_ hash: Int) -> Int? { indices[hash] }

  /// Counts an operation of a function.
  mutating func addOperation(to function: Int) {
    guard sizes.indices.contains(function) else { return }
    sizes[function] += 1
  }

  /// Notes that one function calls another.
  mutating func addCall(from caller: Int, to callee: Int) {
    guard calls.indices.contains(caller), callCount < Self.callLimit else {
      isCut = true
      return
    }
    let known = calls[caller][callee] ?? 0
    if known == 0 { callCount += 1 }
    calls[caller][callee] = known + 1
  }

  /// The first function whose calls go in a circle, or come to more than `limit` operations.
  ///
  /// Takes time in proportion to the functions and their calls.
  func fault(limit: Int) -> (fault: Fault, name: String)? {
    enum State { case unseen, open, done }
    var states = [State](repeating: .unseen, count: names.count)
    var totals = sizes
    for root in names.indices where states[root] == .unseen {
      var stack = [(function: root, callees: calls[root].keys.sorted(), next: 0)]
      states[root] = .open
      while let top = stack.last {
        guard top.next < top.callees.count else {
          for (callee, count) in calls[top.function] {
            let (product, overflow) = totals[callee].multipliedReportingOverflow(by: count)
            totals[top.function] = overflow ? .max : totals[top.function].saturatingAdd(product)
          }
          if totals[top.function] > limit { return (.expansion, names[top.function]) }
          states[top.function] = .done
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let callee = top.callees[top.next]
        switch states[callee] {
        case .open: return (.circle, names[callee])
        case .done: continue
        case .unseen:
          states[callee] = .open
          stack.append((callee, calls[callee].keys.sorted(), 0))
        }
      }
    }
    return nil
  }
}

extension Int {
  fileprivate func saturatingAdd(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
