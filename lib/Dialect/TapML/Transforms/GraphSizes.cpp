//===- GraphSizes.cpp - Sizes of a graph's tensors from its inputs --------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// SizePolynomial
//===----------------------------------------------------------------------===//

SizePolynomial::SizePolynomial(int64_t constant) {
  if (constant)
    terms[{}] = constant;
}

SizePolynomial::SizePolynomial(StringRef symbol) { terms[{symbol.str()}] = 1; }

SizePolynomial &SizePolynomial::operator+=(const SizePolynomial &other) {
  for (const auto &[monomial, coefficient] : other.terms) {
    int64_t &sum = terms[monomial];
    if (llvm::AddOverflow(sum, coefficient, sum))
      sum = INT64_MAX;
  }
  return *this;
}

SizePolynomial SizePolynomial::operator*(const SizePolynomial &other) const {
  SizePolynomial product;
  for (const auto &[lhs, a] : terms)
    for (const auto &[rhs, b] : other.terms) {
      std::vector<std::string> monomial(lhs);
      llvm::append_range(monomial, rhs);
      llvm::sort(monomial);
      SizePolynomial term;
      int64_t &coefficient = term.terms[monomial];
      if (llvm::MulOverflow(a, b, coefficient))
        coefficient = INT64_MAX;
      product += term;
    }
  return product;
}

bool SizePolynomial::isLong() const {
  constexpr size_t maxTerms = 16, maxDegree = 8;
  return terms.size() > maxTerms || llvm::any_of(terms, [](const auto &term) {
           return term.first.size() > maxDegree;
         });
}

std::string SizePolynomial::str() const {
  if (terms.empty())
    return "0";
  using Term = std::pair<std::vector<std::string>, int64_t>;
  SmallVector<Term> sorted(terms.begin(), terms.end());
  llvm::sort(sorted, [](const Term &a, const Term &b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size()
                                            : a.first < b.first;
  });
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(
      sorted, os,
      [&](const Term &term) {
        const auto &[monomial, coefficient] = term;
        bool showsCoefficient = coefficient != 1 || monomial.empty();
        if (showsCoefficient)
          os << coefficient << (monomial.empty() ? "" : "*");
        os << llvm::join(monomial, "*");
      },
      " + ");
  return text;
}

//===----------------------------------------------------------------------===//
// GraphSizes
//===----------------------------------------------------------------------===//

unsigned GraphSizes::SameComputation::getHashValue(const Operation *op) {
  return OperationEquivalence::computeHash(
      const_cast<Operation *>(op), OperationEquivalence::directHashValue,
      OperationEquivalence::ignoreHashValue,
      OperationEquivalence::IgnoreLocations);
}

bool GraphSizes::SameComputation::isEqual(const Operation *lhs,
                                          const Operation *rhs) {
  if (lhs == rhs)
    return true;
  if (lhs == getTombstoneKey() || lhs == getEmptyKey() ||
      rhs == getTombstoneKey() || rhs == getEmptyKey())
    return false;
  return OperationEquivalence::isEquivalentTo(
      const_cast<Operation *>(lhs), const_cast<Operation *>(rhs),
      OperationEquivalence::IgnoreLocations);
}

GraphSizes::GraphSizes(func::FuncOp graph)
    : graph(graph), builder(graph.getContext()) {}

ArrayRef<OpFoldResult> GraphSizes::get(Value tensor) const {
  return sizes.find(tensor)->second;
}

Value GraphSizes::getConstant(int64_t value) {
  Value &constant = constants[value];
  if (!constant) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&graph.getBody().front());
    constant = arith::ConstantIndexOp::create(builder, graph.getLoc(), value);
  }
  return constant;
}

Value GraphSizes::getValue(OpFoldResult size) {
  if (auto value = dyn_cast<Value>(size))
    return value;
  return getConstant(cast<IntegerAttr>(cast<Attribute>(size)).getInt());
}

void GraphSizes::addArguments() {
  // Sizes that the source framework calls the same are the same: the runtime
  // checks that when it binds the inputs.
  llvm::StringMap<Value> bySymbol;
  for (BlockArgument argument : graph.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    auto names = graph.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                   "tapml.dims");
    SmallVector<OpFoldResult> &dims = sizes[argument];
    for (auto [index, size] : llvm::enumerate(type.getShape())) {
      if (!ShapedType::isDynamic(size)) {
        dims.push_back(builder.getIndexAttr(size));
        continue;
      }
      std::string name =
          names ? cast<StringAttr>(names[index]).str()
                : llvm::formatv("arg{0}.{1}", argument.getArgNumber(), index);
      Value &value = bySymbol[name];
      if (!value) {
        value = tensor::DimOp::create(builder, argument.getLoc(), argument,
                                      getConstant(index));
        symbols[value] = name;
      }
      dims.push_back(value);
    }
  }
}

void GraphSizes::replace(Operation *op, ValueRange values) {
  for (auto [from, to] : llvm::zip_equal(op->getResults(), values)) {
    from.replaceAllUsesWith(to);
    replaced[from] = to;
  }
  unused.push_back(op);
}

void GraphSizes::simplify(Operation *op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    auto it = sizes.find(dim.getSource());
    if (index && it != sizes.end() && *index >= 0 &&
        *index < static_cast<int64_t>(it->second.size()))
      replace(op, getValue(it->second[*index]));
    return;
  }
  if (op->getNumRegions() != 0 || !isPure(op))
    return;
  if (!isa<GetGlobalOp>(op) &&
      !llvm::all_of(op->getResultTypes(),
                    llvm::IsaPred<IndexType, IntegerType>))
    return;

  IntegerAttr constant;
  if (matchPattern(op, m_Constant(&constant)) &&
      op->getResult(0).getType().isIndex())
    return replace(op, getConstant(constant.getInt()));
  SmallVector<OpFoldResult> folded;
  if (!isa<GetGlobalOp>(op) && succeeded(op->fold(folded)) &&
      folded.size() == op->getNumResults()) {
    bool known =
        llvm::all_of(llvm::zip(folded, op->getResultTypes()), [](auto pair) {
          auto [result, type] = pair;
          return isa<Value>(result) || type.isIndex();
        });
    if (known)
      return replace(op, llvm::map_to_vector(folded, [&](OpFoldResult result) {
                       return getValue(result);
                     }));
  }
  auto [it, inserted] = computed.insert(op);
  if (!inserted)
    replace(op, (*it)->getResults());
}

namespace {
/// Collects the operations that a builder creates.
struct CreatedOps : public OpBuilder::Listener {
  void notifyOperationInserted(Operation *op,
                               OpBuilder::InsertPoint previous) override {
    ops.push_back(op);
  }
  SmallVector<Operation *> ops;
};
} // namespace

/// Returns the sizes of `type`, which is static.
static SmallVector<OpFoldResult> getStaticSizes(OpBuilder &builder,
                                                RankedTensorType type) {
  return llvm::map_to_vector(type.getShape(), [&](int64_t size) {
    return OpFoldResult(builder.getIndexAttr(size));
  });
}

LogicalResult GraphSizes::addOperator(Operation *op) {
  for (Type type : op->getResultTypes())
    if (!isa<RankedTensorType>(type))
      return emitError(op->getLoc())
             << "'" << op->getName() << "' has a result of type " << type
             << "; operators of a graph compute ranked tensors";
  auto isStatic = [](Type type) {
    return cast<RankedTensorType>(type).hasStaticShape();
  };
  if (llvm::all_of(op->getResultTypes(), isStatic)) {
    for (Value result : op->getResults())
      sizes[result] =
          getStaticSizes(builder, cast<RankedTensorType>(result.getType()));
    return success();
  }

  CreatedOps created;
  OpBuilder listening(op->getContext(), &created);
  listening.setInsertionPoint(op);
  ReifiedRankedShapedTypeDims shapes;
  bool known = isa<ReifyRankedShapedTypeOpInterface>(op) &&
               succeeded(reifyResultShapes(listening, op, shapes)) &&
               shapes.size() == op->getNumResults();
  for (Operation *size : created.ops)
    if (size->getBlock() == op->getBlock())
      simplify(size);
  for (Operation *user : op->getUsers())
    known &= !llvm::is_contained(created.ops, user) ||
             llvm::is_contained(unused, user);
  if (!known)
    return emitError(op->getLoc())
           << "'" << op->getName()
           << "' does not say the sizes of its results from those of its "
              "operands; implement 'ReifyRankedShapedTypeOpInterface' for it";

  for (auto [result, shape] : llvm::zip_equal(op->getResults(), shapes)) {
    SmallVector<OpFoldResult> &dims = sizes[result];
    auto type = cast<RankedTensorType>(result.getType());
    for (auto [size, reified] : llvm::zip_equal(type.getShape(), shape)) {
      auto value = dyn_cast<Value>(reified);
      if (!ShapedType::isDynamic(size))
        dims.push_back(builder.getIndexAttr(size));
      else if (value && replaced.contains(value))
        dims.push_back(replaced.lookup(value));
      else
        dims.push_back(reified);
    }
  }
  return success();
}

void GraphSizes::addOther(Operation *op) {
  builder.setInsertionPointAfter(op);
  for (Value result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type)
      continue;
    SmallVector<OpFoldResult> dims;
    for (auto [index, size] : llvm::enumerate(type.getShape())) {
      if (ShapedType::isDynamic(size))
        dims.push_back(tensor::DimOp::create(builder, op->getLoc(), result,
                                             getConstant(index))
                           .getResult());
      else
        dims.push_back(builder.getIndexAttr(size));
    }
    sizes[result] = std::move(dims);
  }
}

LogicalResult GraphSizes::run() {
  Block &block = graph.getBody().front();
  Operation *first = &block.front();
  builder.setInsertionPoint(first);
  addArguments();
  for (Operation &op : llvm::make_early_inc_range(
           llvm::make_range(first->getIterator(), block.end()))) {
    if (isa<TapMLOperator>(op)) {
      if (failed(addOperator(&op)))
        return failure();
      continue;
    }
    addOther(&op);
    simplify(&op);
    auto dim = dyn_cast<tensor::DimOp>(op);
    if (dim &&
        isa_and_nonnull<TapMLOperator>(dim.getSource().getDefiningOp()) &&
        !dim->use_empty())
      return emitError(dim.getLoc())
             << "'tensor.dim' of the result of an operator needs a constant "
                "dimension within the tensor's rank";
  }
  for (Operation *op : llvm::reverse(unused))
    op->erase();
  unused.clear();
  return success();
}

SizePolynomial GraphSizes::getPolynomial(OpFoldResult size, unsigned depth) {
  constexpr unsigned maxDepth = 32;
  auto value = dyn_cast<Value>(size);
  if (!value)
    return SizePolynomial(cast<IntegerAttr>(cast<Attribute>(size)).getInt());
  if (auto it = polynomials.find(value); it != polynomials.end())
    return it->second;

  SizePolynomial polynomial;
  bool isSymbol = false;
  Operation *op = value.getDefiningOp();
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant))) {
    polynomial = SizePolynomial(constant.getInt());
  } else if (isa_and_nonnull<arith::MulIOp, arith::AddIOp>(op) &&
             depth < maxDepth) {
    polynomial = getPolynomial(op->getOperand(0), depth + 1);
    SizePolynomial other = getPolynomial(op->getOperand(1), depth + 1);
    if (isa<arith::MulIOp>(op))
      polynomial = polynomial * other;
    else
      polynomial += other;
    isSymbol = polynomial.isLong();
  } else {
    isSymbol = true;
  }
  if (isSymbol) {
    std::string &name = symbols[value];
    if (name.empty())
      name = "size" + std::to_string(symbols.size() - 1);
    polynomial = SizePolynomial(StringRef(name));
  }
  return polynomials[value] = polynomial;
}

SizePolynomial GraphSizes::getBytes(Value tensor, Type elementType) {
  int64_t bits =
      elementType.isIntOrFloat() ? elementType.getIntOrFloatBitWidth() : 64;
  SizePolynomial bytes(llvm::divideCeil(bits, 8));
  for (OpFoldResult size : get(tensor))
    bytes = bytes * getPolynomial(size);
  return bytes;
}
