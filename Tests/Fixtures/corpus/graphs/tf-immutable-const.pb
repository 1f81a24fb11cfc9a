Ÿ
"serve*2.21.0‹
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
5
mImmutableConst* 
memory_region_name
/dev/mem"Ð