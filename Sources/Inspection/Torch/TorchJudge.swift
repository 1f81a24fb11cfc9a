import Artifacts
import Domain

/// Judges a pickle that PyTorch wrote: what any pickle may do, with tensors for values.
enum TorchJudge {
  /// Says what there is to say about a pickle.
  ///
  /// `numbersTensors` is for the oldest format, whose persistent ids are numbers. `storedBytes` gives how many bytes the file holds under a storage's key; without it they are not looked for.
  static func report(
    _ reading: PickleReading, _ subject: Subject, in walk: inout InspectionWalk,
    numbersTensors: Bool = false, storedBytes: ((TorchStorage) -> Int?)? = nil
  ) {
    let document = reading.document
    let namesFunctions = document.map(getsOnlyFunctions) ?? false
    let settled = TorchBytes.settle(
      reading.keeping {
        !isTorch($0, hasDocument: document != nil)
          && !(namesFunctions && $0.concerns(TorchNames.getAttribute))
      }, subject, &walk)
    walk.report(PickleJudge.findings(of: settled, member: subject.member))
    guard let document else { return }
    let references = TorchReferences(document) { TorchNames.rebuilders.contains($0) }
    for other in references.others.prefix(20) where !(numbersTensors && other.isNumber) {
      walk.report(
        .persistentID, "expected a storage, found the persistent id \(other.text)", subject, at: other.offset)
    }
    if let storedBytes { check(references.storages, document, subject, &walk, storedBytes) }
    let storages = Dictionary(
      references.storages.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for call in references.calls { check(call.object, call.id, document, storages, subject, &walk) }
  }

  /// Whether each `getattr` of the stream reaches for a function of `torch`, as those are pickled; what they do is
  /// said where such a function is called.
  private static func getsOnlyFunctions(_ document: PickleDocument) -> Bool {
    TorchReferences(document) { $0 == TorchNames.getAttribute }.calls.allSatisfy { call in
      guard call.object.arguments.count == 2, case .global(let holder) = document[call.object.arguments[0]],
        TorchNames.functionHolders.contains(holder),
        case .string(let name) = document[call.object.arguments[1]]
      else { return false }
      return !name.hasPrefix("__") && !TorchScript.isEffect("torch.\(name)")
        && name.unicodeScalars.allSatisfy { $0.properties.isXIDContinue }
    }
  }

  /// Whether an observation is about a name of PyTorch's own files; which calls are checked by their arguments.
  private static func isTorch(_ observation: PickleObservation, hasDocument: Bool) -> Bool {
    switch observation.kind {
    case .imports(let global): TorchNames.rebuilders.contains(global) || TorchNames.isValue(global)
    case .calls(let global, _): hasDocument && TorchNames.rebuilders.contains(global)
    default: false
    }
  }

  private static func check(
    _ storages: [TorchStorage], _ document: PickleDocument, _ subject: Subject, _ walk: inout InspectionWalk,
    _ storedBytes: (TorchStorage) -> Int?
  ) {
    var seen: Set<String> = []
    for storage in storages where seen.insert(storage.key).inserted {
      let key = "'\(storage.key.escaped(limit: 80))'"
      let place = document.offset(of: storage.id)
      if storage.key.contains("/") || storage.key.contains("\\") || storage.key.contains("..") {
        walk.report(.torchStorage, "expected a key beside the pickle, found \(key)", subject, at: place)
        continue
      }
      // A tensor without numbers has none in the file.
      guard storage.location != "meta" else { continue }
      guard let size = storage.byteCount, size >= 0, size <= 1 << 44 else {
        walk.report(
          .torchStorage, "expected a storage that memory holds, found \(storage.count) elements in \(key)",
          subject, at: place)
        continue
      }
      guard let stored = storedBytes(storage) else {
        walk.report(
          .torchMissing, "expected the storage \(key) in the archive, found none", subject, at: place)
        continue
      }
      guard stored != size else { continue }
      walk.report(
        .torchStorage, "expected \(size) bytes in the storage \(key), found \(stored)", subject, at: place)
    }
  }

  private static func check(
    _ object: PickleObject, _ id: ValueID, _ document: PickleDocument, _ storages: [ValueID: TorchStorage],
    _ subject: Subject, _ walk: inout InspectionWalk
  ) {
    let place = document.offset(of: id)
    if TorchNames.rebuildFromType.contains(object.constructor) {
      guard let first = object.arguments.first, case .global(let function) = document[first],
        TorchNames.rebuilders.contains(function), !TorchNames.rebuildFromType.contains(function)
      else {
        let callee = object.arguments.first.map(document.describe) ?? "nothing"
        walk.report(
          .call, "would call \(callee) by \(object.constructor.description) on load", subject, at: place)
        return
      }
    }
    guard TorchNames.viewMakers.contains(object.constructor), object.arguments.count >= 4 else { return }
    let arguments = object.arguments
    guard let storage = storages[arguments[0]], case .integer(let offset) = document[arguments[1]],
      let sizes = integers(arguments[2], document), let strides = integers(arguments[3], document)
    else { return }
    if let detail = Self.fault(offset: offset, sizes, strides, elements: storage.count) {
      walk.report(.torchTensor, "expected a tensor inside its storage, found \(detail)", subject, at: place)
    }
  }

  /// What is wrong with a view on a storage; nil where every element is inside.
  private static func fault(offset: Int64, _ sizes: [Int64], _ strides: [Int64], elements: Int) -> String? {
    let shape = "the shape \(sizes.prefix(8)) with strides \(strides.prefix(8)) at \(offset)"
    guard sizes.count == strides.count, offset >= 0, sizes.allSatisfy({ $0 >= 0 }),
      strides.allSatisfy({ $0 >= 0 })
    else { return shape }
    var count: Int64 = 1
    var last = offset
    for (size, stride) in zip(sizes, strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      let (reach, far) = max(0, size - 1).multipliedReportingOverflow(by: stride)
      let (end, beyond) = last.addingReportingOverflow(reach)
      guard !overflow, !far, !beyond, product <= 1 << 48 else { return shape }
      count = product
      last = end
    }
    guard count > 0 else { return nil }
    return last < elements ? nil : "\(shape) over \(elements) elements"
  }

  /// The numbers of a tuple, or of a `torch.Size` of one.
  private static func integers(_ id: ValueID, _ document: PickleDocument) -> [Int64]? {
    switch document[id] {
    case .tuple(let items):
      var numbers: [Int64] = []
      for item in items {
        guard case .integer(let number) = document[item] else { return nil }
        numbers.append(number)
      }
      return numbers
    case .object(let object):
      guard object.constructor == PickleGlobal(module: "torch", name: "Size"),
        let first = object.arguments.first, case .tuple = document[first]
      else { return nil }
      return integers(first, document)
    default: return nil
    }
  }
}

/// Bytes in a pickle that are a PyTorch file.
enum TorchBytes {
  /// Inspects what `torch.storage._load_from_bytes` would be given, and takes its calls out of the reading.
  static func settle(_ reading: PickleReading, _ subject: Subject, _ walk: inout InspectionWalk)
    -> PickleReading
  {
    guard let document = reading.document, reading.observations.contains(where: \.loadsTorchBytes) else {
      return reading
    }
    let references = TorchReferences(document) { $0 == TorchNames.loadFromBytes }
    var isUnderstood = true
    for (number, call) in references.calls.enumerated() {
      guard call.object.arguments.count == 1, let first = call.object.arguments.first else {
        isUnderstood = false
        continue
      }
      let bytes: ArraySlice<UInt8>
      switch document[first] {
      case .bytes(let content), .byteArray(let content): bytes = content
      default:
        isUnderstood = false
        continue
      }
      _ = walk.inspectPart(bytes, named: "storage-\(number)", of: subject, unpacked: false)
    }
    guard isUnderstood, !references.calls.isEmpty else { return reading }
    if let first = references.calls.first {
      walk.report(
        .torchNested, "expected NumPy's arrays, found \(references.calls.count) storages of PyTorch", subject,
        at: document.offset(of: first.id))
    }
    return reading.keeping { !$0.loadsTorchBytes }
  }
}

extension PickleObservation {
  /// Whether it is about the name, imported or called.
  fileprivate func concerns(_ name: PickleGlobal) -> Bool {
    switch kind {
    case .imports(let global), .calls(let global, _): global == name
    default: false
    }
  }

  fileprivate var loadsTorchBytes: Bool {
    concerns(TorchNames.loadFromBytes)
  }
}
