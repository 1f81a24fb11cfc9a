/// A target with what its sources import.
struct Component {
  let target: PackageDescription.Target
  let imports: [Import]

  init(_ target: PackageDescription.Target, imports: [Import] = []) {
    self.target = target
    self.imports = imports
  }
}

/// The rules of the layers.
///
/// Each gives a sentence for every place where it is broken.
struct LayerRules {
  let table: RingTable
  private let components: [Component]
  private let byModule: [String: Component]

  init(_ components: [Component], table: RingTable = .house) {
    self.components = components.sorted { $0.target.name < $1.target.name }
    self.table = table
    byModule = Dictionary(components.map { ($0.target.module, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private func component(named name: String) -> Component? {
    components.first { $0.target.name == name }
  }

  /// Every target has exactly one place in the table.
  func unplacedTargets() -> [String] {
    components.compactMap { component in
      let name = component.target.name
      if table.place(of: component.target) == nil {
        return "expected '\(name)' in the table of rings, found it nowhere"
      }
      let places =
        table.rings.count { $0.contains(name) } + (table.native[name] == nil ? 0 : 1)
        + (table.beside.contains(name) ? 1 : 0)
      return places > 1 ? "expected '\(name)' once in the table of rings, found it \(places) times" : nil
    }
  }

  /// No arrow points outward, be it declared or imported.
  func outwardArrows() -> [String] {
    components.flatMap { component in
      let name = component.target.name
      let declared = component.target.siblings.sorted().map { ($0, "Package.swift") }
      let imported = component.imports.compactMap { item in
        byModule[item.module].map { ($0.target.name, item.place) }
      }
      return (declared + imported).compactMap { sibling, place -> String? in
        guard let other = self.component(named: sibling), let from = table.place(of: component.target),
          let to = table.place(of: other.target), !table.allows(from: from, named: name, to: to)
        else { return nil }
        return "expected no arrow from '\(name)' to '\(sibling)', found one at \(place)"
      }
    }
  }

  /// Rings 0 and 1 import siblings, what is reserved for them, mathematics, and nothing else.
  func worldlyImports() -> [String] {
    components.flatMap { component -> [String] in
      guard case .ring(let ring) = table.place(of: component.target), ring <= 1 else { return [] }
      return component.imports.compactMap { item in
        if byModule[item.module] != nil
          || table.reserved[item.module]?.contains(component.target.name) == true
        {
          return nil
        }
        if ring == 1, item.module == "Synchronization" { return nil }
        if RingTable.cLibraries.contains(item.module), let scope = item.scope, scope.hasPrefix("func "),
          RingTable.mathematics.contains(String(scope.dropFirst(5)))
        {
          return nil
        }
        let what = item.scope.map { "\($0) of \(item.module)" } ?? item.module
        return "expected ring \(ring) without the outside world, found \(what) imported at \(item.place)"
      }
    }
  }

  /// Modules with few users are imported by those alone; tests are free.
  func trespasses() -> [String] {
    components.filter { $0.target.kind != .test }.flatMap { component in
      component.imports.compactMap { item in
        guard let users = table.reserved[item.module], !users.contains(component.target.name) else {
          return nil
        }
        let names = users.sorted().joined(separator: " and ")
        return "expected \(item.module) in \(names) alone, found it imported at \(item.place)"
      }
    }
  }

  /// What is imported is declared, and what is declared is imported.
  func unfaithfulDeclarations() -> [String] {
    components.filter { $0.target.kind != .system && !isNative($0) }.flatMap { component -> [String] in
      let target = component.target
      let undeclared = component.imports.compactMap { item -> String? in
        let isDeclared =
          byModule[item.module].map {
            target.siblings.contains($0.target.name) || $0.target.name == target.name
          }
          ?? (target.products.contains(item.module) || RingTable.toolchain.contains(item.module))
        return isDeclared
          ? nil
          : "expected \(item.module) declared by '\(target.name)', found it only imported at \(item.place)"
      }
      let imported = Set(component.imports.map(\.module))
      let idle = (target.siblings.union(target.products)).sorted().compactMap { name -> String? in
        let other = self.component(named: name)
        // A test depends on a program to have it built; there is nothing to import.
        if target.kind == .test, other?.target.kind == .executable { return nil }
        return imported.contains(other?.target.module ?? name)
          ? nil : "expected '\(target.name)' to import \(name), found it only declared"
      }
      return undeclared + idle
    }
  }

  private func isNative(_ component: Component) -> Bool {
    if case .native = table.place(of: component.target) { return true }
    return false
  }

  /// The targets that a program is made of.
  func targets(under program: String) -> Set<String> {
    var reached: Set<String> = []
    var open = [program]
    while let name = open.popLast() {
      guard reached.insert(name).inserted, let component = component(named: name) else { continue }
      open += component.target.siblings
    }
    return reached
  }

  /// Nothing that the program is made of imports full Foundation.
  func foundation(under program: String) -> [String] {
    let reached = targets(under: program)
    return components.filter { reached.contains($0.target.name) }.flatMap { component in
      component.imports.filter { $0.module.hasPrefix("Foundation") && $0.module != "FoundationEssentials" }
        .map { "expected '\(program)' without \($0.module), found it imported at \($0.place)" }
    }
  }
}
